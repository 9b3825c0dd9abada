CREATE TABLE "ledger_retirements" (
	"pair" text NOT NULL,
	"cut" bigint NOT NULL,
	"before" timestamp with time zone NOT NULL,
	"kept_from" bigint NOT NULL,
	"kept_to" bigint NOT NULL,
	"file" text NOT NULL,
	"sha256" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	CONSTRAINT "ledger_retirements_pair_cut_pk" PRIMARY KEY("pair","cut")
);
--> statement-breakpoint
CREATE TABLE "retired_leaves" (
	"pair" text NOT NULL,
	"first" bigint NOT NULL,
	"leaves" "bytea" NOT NULL,
	CONSTRAINT "retired_leaves_pair_first_pk" PRIMARY KEY("pair","first")
);

--> statement-breakpoint
-- What was retired is as final as the history: rows are added by the owner and never changed.
CREATE TRIGGER ledger_retirements_append_only BEFORE UPDATE OR DELETE ON ledger_retirements FOR EACH ROW EXECUTE FUNCTION history_refuse_change();
--> statement-breakpoint
CREATE TRIGGER ledger_retirements_no_truncate BEFORE TRUNCATE ON ledger_retirements FOR EACH STATEMENT EXECUTE FUNCTION history_refuse_change();
--> statement-breakpoint
CREATE TRIGGER retired_leaves_append_only BEFORE UPDATE OR DELETE ON retired_leaves FOR EACH ROW EXECUTE FUNCTION history_refuse_change();
--> statement-breakpoint
CREATE TRIGGER retired_leaves_no_truncate BEFORE TRUNCATE ON retired_leaves FOR EACH STATEMENT EXECUTE FUNCTION history_refuse_change();
--> statement-breakpoint
-- Hashes do not compress, and a block is larger than a page: out of line as it is.
ALTER TABLE retired_leaves ALTER COLUMN leaves SET STORAGE EXTERNAL;
--> statement-breakpoint
-- As before; what was retired is read by the application and written by the owner alone.
CREATE OR REPLACE FUNCTION grant_application_role() RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
	app text := current_setting('parley.app_role');
	history text[] := ARRAY['ledger', 'ledger_payloads', 'revisions', 'suppressions', 'data_keys'];
	retired text[] := ARRAY['ledger_retirements', 'retired_leaves'];
	name text;
BEGIN
	EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', 'public', app);
	FOREACH name IN ARRAY history LOOP
		EXECUTE format('REVOKE ALL ON %I FROM %I', name, app);
		EXECUTE format('GRANT SELECT, INSERT ON %I TO %I', name, app);
	END LOOP;
	FOREACH name IN ARRAY retired LOOP
		EXECUTE format('REVOKE ALL ON %I FROM %I', name, app);
		EXECUTE format('GRANT SELECT ON %I TO %I', name, app);
	END LOOP;
	EXECUTE format('GRANT UPDATE (wrapped, wrapped_by) ON data_keys TO %I', app);
	FOR name IN
		SELECT c.relname FROM pg_class c
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
			AND c.relname <> ALL (history || retired) AND c.relname <> 'parley_migrations'
	LOOP
		EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO %I', name, app);
	END LOOP;
	EXECUTE format('GRANT SELECT ON parley_migrations TO %I', app);
	EXECUTE format('GRANT EXECUTE ON FUNCTION history_partitions_ahead(integer) TO %I', app);
	EXECUTE format('GRANT EXECUTE ON FUNCTION history_erase(text, bigint, bigint[]) TO %I', app);
END
$$;
