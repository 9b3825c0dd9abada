CREATE TABLE "suppressions" (
	"pair" text NOT NULL,
	"mark" "bytea" NOT NULL,
	CONSTRAINT "suppressions_pair_mark_pk" PRIMARY KEY("pair","mark")
);
--> statement-breakpoint
-- Removes the values of one record from the history: the payloads of its entries, and those of deliveries whose receipts named its
-- keys and were stated anew without it. The entries stay, and so does every proof. SECURITY DEFINER: the application's role
-- may not delete payloads; it may ask for this, of a record whose erasure stands in the ledger.
CREATE FUNCTION history_erase(the_pair text, the_entity bigint, restated bigint[]) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
	removed integer;
BEGIN
	IF NOT EXISTS (SELECT 1 FROM ledger WHERE pair = the_pair AND entity = the_entity AND kind = 'erased') THEN
		RAISE EXCEPTION 'the ledger of % does not say that record % was erased', the_pair, the_entity USING ERRCODE = 'insufficient_privilege';
	END IF;
	DELETE FROM ledger_payloads held USING ledger entry
	WHERE entry.pair = the_pair AND held.pair = entry.pair AND held.seq = entry.seq AND held.at = entry.at
		AND ((entry.entity = the_entity AND entry.kind <> 'erased') OR (entry.seq = ANY (restated) AND entry.kind = 'delivered'));
	GET DIAGNOSTICS removed = ROW_COUNT;
	RETURN removed;
END
$$;
--> statement-breakpoint
REVOKE EXECUTE ON FUNCTION history_erase(text, bigint, bigint[]) FROM PUBLIC;
--> statement-breakpoint
-- As before, with what erasure needs: suppressions are noted, never changed or forgotten, and `history_erase` may be called.
CREATE OR REPLACE FUNCTION grant_application_role() RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
	app text := current_setting('parley.app_role');
	history text[] := ARRAY['ledger', 'ledger_payloads', 'revisions', 'suppressions'];
	name text;
BEGIN
	EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', 'public', app);
	FOREACH name IN ARRAY history LOOP
		EXECUTE format('REVOKE ALL ON %I FROM %I', name, app);
		EXECUTE format('GRANT SELECT, INSERT ON %I TO %I', name, app);
	END LOOP;
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
