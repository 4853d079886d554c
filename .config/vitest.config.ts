import { defineConfig } from 'vitest/config'

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    include: ['packages/*/test/**/*.test.ts'],
    typecheck: { enabled: false },
    // A file may register nothing where a foreign program lacks (describeForeign); in CI that is a failure.
    passWithNoTests: process.env['CI'] !== 'true',
    testTimeout: 20_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
    cacheDir: '.cache/vitest',
  },
})
