-- Similarity of texts by their three-letter parts. Trusted since PostgreSQL 13: the owner of the database may create it.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
--> statement-breakpoint
CREATE TABLE "kept_apart" (
	"pair" text NOT NULL,
	"digest" "bytea" NOT NULL,
	CONSTRAINT "kept_apart_pair_digest_pk" PRIMARY KEY("pair","digest")
);
--> statement-breakpoint
CREATE TABLE "match_texts" (
	"pair" text NOT NULL,
	"side" text NOT NULL,
	"entity" bigint NOT NULL,
	"unit" text NOT NULL,
	"text" text NOT NULL,
	CONSTRAINT "match_texts_pair_side_entity_unit_pk" PRIMARY KEY("pair","side","entity","unit")
);
--> statement-breakpoint
CREATE INDEX "match_texts_equal" ON "match_texts" USING btree ("pair","unit","text");--> statement-breakpoint
CREATE INDEX "match_texts_alike" ON "match_texts" USING gin ("text" gin_trgm_ops);
--> statement-breakpoint
-- Any table that is not history has ordinary rights, so that a new one needs no change here.
CREATE OR REPLACE FUNCTION grant_application_role() RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
	app text := current_setting('parley.app_role');
	history text[] := ARRAY['ledger', 'ledger_payloads', 'revisions'];
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
END
$$;
