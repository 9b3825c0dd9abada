import type { Site } from '../../arena.js';

const other: { readonly [site in Site]: Site } = { a: 'b', b: 'a' };

/**
 * The configuration that the registering node, A, is set up with: two groups that push to each other, and one table whose
 * changes go both ways. No rule for conflicts is written: the product's own is what most people run.
 */
export function configurationScript(table: string): string {
  const lines = [
    ...(['a', 'b'] as const).map((site) => `insert into sym_node_group (node_group_id) values ('${site}');`),
    ...(['a', 'b'] as const).flatMap((site) => [
      `insert into sym_node_group_link (source_node_group_id, target_node_group_id, data_event_action)
         values ('${site}', '${other[site]}', 'P');`,
      `insert into sym_router (router_id, source_node_group_id, target_node_group_id, router_type, create_time, last_update_time)
         values ('from_${site}', '${site}', '${other[site]}', 'default', current_timestamp, current_timestamp);`,
    ]),
    `insert into sym_trigger (trigger_id, source_table_name, channel_id, last_update_time, create_time)
       values ('${table}', '${table}', 'default', current_timestamp, current_timestamp);`,
    ...(['a', 'b'] as const).map(
      (
        site,
      ) => `insert into sym_trigger_router (trigger_id, router_id, initial_load_order, last_update_time, create_time)
         values ('${table}', 'from_${site}', 1, current_timestamp, current_timestamp);`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

/** The settings of a node. Its jobs run every half a second instead of every ten: nothing else differs from the product's. */
export function propertiesOf({
  site,
  table,
  port,
  script,
}: {
  readonly site: Site;
  readonly table: string;
  readonly port: number;
  readonly script: string;
}): string {
  const url = (of: Site): string => `http://localhost/sync/${table}-${of}`;
  const settings = {
    'engine.name': `${table}-${site}`,
    'group.id': site,
    'external.id': site,
    'db.driver': 'org.postgresql.Driver',
    'db.url': `jdbc:postgresql://127.0.0.1:${port}/${table}?stringtype=unspecified`,
    'db.user': 'postgres',
    'db.password': '',
    'registration.url': site === 'a' ? '' : url('a'),
    'sync.url': url(site),
    'transport.type': 'internal',
    'auto.registration': 'true',
    'registration.require.initial.load': 'false',
    'auto.config.registration.svr.sql.script': site === 'a' ? script : '',
    'job.routing.period.time.ms': '500',
    'job.push.period.time.ms': '500',
    'job.pull.period.time.ms': '500',
  };
  return `${Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')}\n`;
}
