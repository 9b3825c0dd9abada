-- History: partitions by month, made ahead of time, and the refusal to change what was written.
--
-- `history_refuse_change` is the second line behind the grants: it stops the owner's own hands too. Payloads may be
-- deleted by the owner (erasure); entries may not, and neither may be changed or truncated.
CREATE FUNCTION history_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION '% on % is refused: the history is append-only', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;
--> statement-breakpoint
-- Row triggers of a partitioned table are cloned to each partition; truncate triggers are not, so the function below
-- gives every partition its own.
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE ON ledger FOR EACH ROW EXECUTE FUNCTION history_refuse_change();
--> statement-breakpoint
CREATE TRIGGER ledger_no_truncate BEFORE TRUNCATE ON ledger FOR EACH STATEMENT EXECUTE FUNCTION history_refuse_change();
--> statement-breakpoint
CREATE TRIGGER ledger_payloads_no_update BEFORE UPDATE ON ledger_payloads FOR EACH ROW EXECUTE FUNCTION history_refuse_change();
--> statement-breakpoint
CREATE TRIGGER ledger_payloads_no_truncate BEFORE TRUNCATE ON ledger_payloads FOR EACH STATEMENT EXECUTE FUNCTION history_refuse_change();
--> statement-breakpoint
-- The net under the months: a row for which no month was made lands here instead of failing the page.
CREATE TABLE ledger_other PARTITION OF ledger DEFAULT;
--> statement-breakpoint
CREATE TRIGGER ledger_other_no_truncate BEFORE TRUNCATE ON ledger_other FOR EACH STATEMENT EXECUTE FUNCTION history_refuse_change();
--> statement-breakpoint
CREATE TABLE ledger_payloads_other PARTITION OF ledger_payloads DEFAULT;
--> statement-breakpoint
CREATE TRIGGER ledger_payloads_other_no_truncate BEFORE TRUNCATE ON ledger_payloads_other FOR EACH STATEMENT EXECUTE FUNCTION history_refuse_change();
--> statement-breakpoint
-- Makes the partitions of this month and of the months after it, and returns how many it made. Months are those of UTC,
-- whatever zone the session has. Attaching, unlike CREATE ... PARTITION OF, lets pages go on being committed; only the
-- empty default partition is locked. A month that already has rows in the default partition stays there: they may not
-- be moved, and the history is complete either way.
-- SECURITY DEFINER: the application's role may call it at start, and may create nothing else.
CREATE FUNCTION history_partitions_ahead(months integer) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
	parent text;
	part text;
	first_day timestamp;
	found boolean;
	made integer := 0;
BEGIN
	FOR ahead IN 0..least(greatest(months, 0), 24) LOOP
		first_day := date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead);
		FOREACH parent IN ARRAY ARRAY['ledger', 'ledger_payloads'] LOOP
			part := parent || to_char(first_day, '_YYYY_MM');
			CONTINUE WHEN to_regclass(part) IS NOT NULL;
			-- Only now, so that the usual call takes no lock at all; then look again, somebody may have been faster.
			PERFORM pg_advisory_xact_lock(hashtextextended('parley.history_partitions', 0));
			CONTINUE WHEN to_regclass(part) IS NOT NULL;
			EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I WHERE at >= $1 AND at < $2)', parent || '_other')
				INTO found USING first_day AT TIME ZONE 'UTC', (first_day + interval '1 month') AT TIME ZONE 'UTC';
			IF found THEN
				RAISE WARNING 'rows of % are already in %_other: the month stays there', part, parent;
				CONTINUE;
			END IF;
			EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING STORAGE INCLUDING COMPRESSION)', part, parent);
			EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION history_refuse_change()', part || '_no_truncate', part);
			EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, part,
				first_day AT TIME ZONE 'UTC', (first_day + interval '1 month') AT TIME ZONE 'UTC');
			made := made + 1;
		END LOOP;
	END LOOP;
	RETURN made;
END
$$;
--> statement-breakpoint
REVOKE EXECUTE ON FUNCTION history_partitions_ahead(integer) FROM PUBLIC;
