import { connectorConformance } from './conformance.js';
import { postgresWorld, usePostgres } from './postgres-world.js';

const place = usePostgres();

connectorConformance('Postgres', {
  storesNull: true,
  refused: { amount: 'not a number' },
  open: (key) => postgresWorld(place.sql, place.database.ownerUrl, key),
});
