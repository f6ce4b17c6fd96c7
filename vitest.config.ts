import { configDefaults, defineConfig } from 'vitest/config'
import { timeFactor } from './tests/support/time-factor.ts'

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    // What takes packed tarballs: `npm run test:package` makes them first.
    exclude: [
      ...configDefaults.exclude,
      ...(process.env['DODICI_PACKAGES'] === undefined ? ['tests/package/**'] : []),
      ...(process.env['DODICI_MUSL_BUN'] === undefined ? ['tests/package/musl.test.ts'] : []),
    ],
    // A process a file: the addon's threads and the global dispatcher are of one process.
    pool: 'forks',
    // The tests run servers and loop threads besides; more workers than this measure each other's waiting.
    maxWorkers: 2,
    testTimeout: 30_000 * timeFactor,
    hookTimeout: 30_000 * timeFactor,
    // How Node runs lib/ without a build: no transforms of vitest's own between the test and the code.
    server: { deps: { external: [/node_modules/] } },
  },
})
