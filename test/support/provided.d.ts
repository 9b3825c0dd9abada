/** The run's PostgreSQL: addresses of the database `postgres` as superuser, as `parley_owner` and as `parley_app`. */
export type ProvidedPostgres = { readonly adminUrl: string; readonly owner: string; readonly app: string };

declare module 'vitest' {
  /** What the global set-up files hand to every test file; values must survive JSON. */
  export interface ProvidedContext {
    postgres: ProvidedPostgres;
    /** host:port of the run's Temporal server. */
    temporalAddress: string;
  }
}
