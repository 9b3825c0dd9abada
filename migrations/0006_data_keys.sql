CREATE TABLE "data_keys" (
	"pair" text NOT NULL,
	"id" bigint NOT NULL,
	"wrapped" "bytea" NOT NULL,
	"wrapped_by" text NOT NULL,
	CONSTRAINT "data_keys_pair_id_pk" PRIMARY KEY("pair","id")
);
--> statement-breakpoint
ALTER TABLE "ledger_payloads" ALTER COLUMN "nonce" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "ledger_payloads" ALTER COLUMN "payload" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "kept_apart" ADD COLUMN "one" "bytea";--> statement-breakpoint
ALTER TABLE "kept_apart" ADD COLUMN "other" "bytea";--> statement-breakpoint
ALTER TABLE "ledger_payloads" ADD COLUMN "key" bigint;--> statement-breakpoint
ALTER TABLE "ledger_payloads" ADD COLUMN "encrypted" "bytea";
--> statement-breakpoint
-- As before; the keys under which the values were encrypted go first, so that no copy of the values can be read any more.
CREATE OR REPLACE FUNCTION history_erase(the_pair text, the_entity bigint, restated bigint[]) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
	removed integer;
BEGIN
	IF NOT EXISTS (SELECT 1 FROM ledger WHERE pair = the_pair AND entity = the_entity AND kind = 'erased') THEN
		RAISE EXCEPTION 'the ledger of % does not say that record % was erased', the_pair, the_entity USING ERRCODE = 'insufficient_privilege';
	END IF;
	DELETE FROM data_keys held
	WHERE held.pair = the_pair AND (held.id = the_entity OR held.id IN (
		SELECT -entry.seq - 1 FROM ledger entry
		WHERE entry.pair = the_pair AND entry.seq = ANY (restated) AND entry.kind = 'delivered'));
	DELETE FROM ledger_payloads held USING ledger entry
	WHERE entry.pair = the_pair AND held.pair = entry.pair AND held.seq = entry.seq AND held.at = entry.at
		AND ((entry.entity = the_entity AND entry.kind <> 'erased') OR (entry.seq = ANY (restated) AND entry.kind = 'delivered'));
	GET DIAGNOSTICS removed = ROW_COUNT;
	RETURN removed;
END
$$;
--> statement-breakpoint
-- As before; data keys are read, made and wrapped anew by the application, and deleted by `history_erase` alone.
CREATE OR REPLACE FUNCTION grant_application_role() RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
	app text := current_setting('parley.app_role');
	history text[] := ARRAY['ledger', 'ledger_payloads', 'revisions', 'suppressions', 'data_keys'];
	name text;
BEGIN
	EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', 'public', app);
	FOREACH name IN ARRAY history LOOP
		EXECUTE format('REVOKE ALL ON %I FROM %I', name, app);
		EXECUTE format('GRANT SELECT, INSERT ON %I TO %I', name, app);
	END LOOP;
	EXECUTE format('GRANT UPDATE (wrapped, wrapped_by) ON data_keys TO %I', app);
	FOR name IN
		SELECT c.relname FROM pg_class c
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
			AND c.relname <> ALL (history) AND c.relname <> 'parley_migrations'
	LOOP
		EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO %I', name, app);
	END LOOP;
	EXECUTE format('GRANT SELECT ON parley_migrations TO %I', app);
	EXECUTE format('GRANT EXECUTE ON FUNCTION history_partitions_ahead(integer) TO %I', app);
	EXECUTE format('GRANT EXECUTE ON FUNCTION history_erase(text, bigint, bigint[]) TO %I', app);
END
$$;
