-- What the application's role may do, and nothing more. The migrator names the role in the setting `parley.app_role`
-- and calls this after every migration, so that a new role or a new table needs no migration of its own.
--
-- History: read and append. Revisions: read and save. Everything else: ordinary rights. The migrator's own table: read,
-- so that a process can tell whether its database is ready for it.
-- Rights on partitions are not needed and not given: rows go in and out through the parent.
CREATE FUNCTION grant_application_role() RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
	app text := current_setting('parley.app_role');
	name text;
BEGIN
	EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', 'public', app);
	FOREACH name IN ARRAY ARRAY['ledger', 'ledger_payloads', 'revisions'] LOOP
		EXECUTE format('REVOKE ALL ON %I FROM %I', name, app);
		EXECUTE format('GRANT SELECT, INSERT ON %I TO %I', name, app);
	END LOOP;
	FOREACH name IN ARRAY ARRAY[
		'api_tokens', 'conflicts', 'deliveries', 'intents', 'match_values', 'pairs', 'plan_items', 'plans', 'record_links',
		'record_states', 'rereads', 'runs', 'set_aside_rows', 'standing_counts', 'workers'
	] LOOP
		EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO %I', name, app);
	END LOOP;
	EXECUTE format('GRANT SELECT ON parley_migrations TO %I', app);
	EXECUTE format('GRANT EXECUTE ON FUNCTION history_partitions_ahead(integer) TO %I', app);
END
$$;
--> statement-breakpoint
REVOKE EXECUTE ON FUNCTION grant_application_role() FROM PUBLIC;
