import { defineConfig } from 'drizzle-kit';

// Only `drizzle-kit generate` is used: it writes SQL, people review and complete it, src/db/migrate.ts applies it.
export default defineConfig({ dialect: 'postgresql', schema: './src/db/schema/*.ts', out: './migrations' });
