import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { KnipConfig } from 'knip'

// A new package with an empty entry point does not use its dependencies yet.
const isEmpty = (name: string): boolean => {
  const index = new URL(`../packages/${name}/src/index.ts`, import.meta.url)
  return existsSync(index) && readFileSync(index, 'utf8').trim() === 'export {}'
}
const packages = readdirSync(new URL('../packages', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)

const config: KnipConfig = {
  ignoreExportsUsedInFile: true,
  ignoreWorkspaces: packages.filter(isEmpty).map((name) => `packages/${name}`),
  // Programs of Debian packages; the code that runs them reports if they are missing.
  ignoreBinaries: ['apt-get', 'chroot', 'debootstrap', 'dpkg-deb', 'mosquitto_.+', 'perf', 'prlimit'],
  workspaces: {
    '.': {
      entry: ['.config/*.{ts,js}', 'docs/.vitepress/config.ts', 'docs/.vitepress/theme/index.ts'],
      project: ['.config/*.{ts,js}', 'docs/.vitepress/**/*.ts'],
      vitest: { config: '.config/vitest.config.ts' },
      eslint: { config: '.config/eslint.config.js' },
      stryker: { config: '.config/stryker.config.js' },
      // The check runs these by path.
      ignoreDependencies: ['@arethetypeswrong/cli', 'cspell', 'publint'],
    },
    'packages/*': {
      entry: ['test/**/*.test.ts'],
      project: ['src/**/*.ts', 'test/**/*.ts'],
    },
    // Jest is run by path and loads a transformer that removes types.
    'packages/testing': {
      entry: ['test/**/*.test.ts', 'test/jest/typescript.mjs'],
      project: ['src/**/*.ts', 'test/**/*.{ts,mjs}'],
    },
    // Tests run these as programs.
    'packages/broker': {
      entry: [
        'test/**/*.test.ts',
        'test/group/responder.ts',
        'test/presence/member-program.ts',
        'test/unref/program.ts',
        'test/contract/web-runner.ts',
      ],
      project: ['src/**/*.ts', 'test/**/*.ts'],
    },
    'packages/mqtt': {
      entry: ['test/**/*.test.ts', 'test/unref/program.ts'],
      project: ['src/**/*.ts', 'test/**/*.ts'],
    },
    'packages/durable': {
      entry: ['test/**/*.test.ts', 'test/interop/programs/*.ts'],
      project: ['src/**/*.ts', 'test/**/*.ts'],
    },
    // Zigbee2MQTT loads this.
    'packages/zigbee2mqtt': {
      entry: ['test/**/*.test.ts', 'test/real/radio.mjs'],
      project: ['src/**/*.ts', 'test/**/*.{ts,mjs}'],
    },
    // The bundle starts here; the commands are imported when they run.
    'packages/cli': {
      entry: ['src/main.ts', 'test/**/*.test.ts', 'test/pictures/main.ts', 'test/help/main.ts'],
      project: ['src/**/*.ts', 'test/**/*.ts'],
    },
    // Its processes are run by path.
    'packages/acceptance': {
      entry: ['src/*/processes/*.ts', 'test/**/*.test.ts'],
      project: ['src/**/*.ts', 'test/**/*.ts'],
    },
    // Run by `pnpm simulate`, which bundles the program.
    'packages/simulation': {
      entry: ['src/program.ts', 'src/measure.ts', 'test/**/*.test.ts'],
      project: ['src/**/*.ts', 'test/**/*.ts'],
    },
    // Its programs are run by path; the contestants have a separate package.json.
    'packages/bench': {
      entry: ['src/*.ts', 'src/peers/programs/*.ts', 'test/**/*.test.ts'],
      project: ['src/**/*.ts', 'test/**/*.ts'],
      // A contestant's program imports it.
      ignoreDependencies: ['@antiphon/nestjs'],
    },
    // Vite builds its page from index.html, and the site its playground from Vue components.
    'packages/inspector': {
      entry: [
        'page/main.ts',
        'playground/{fault-rows,highlight,playground-run,ready-programs,shared-program,worker}.ts',
        'test/**/*.test.ts',
        'test/pictures/main.ts',
      ],
      project: ['src/**/*.ts', '{page,playground}/*.ts', 'test/**/*.ts'],
    },
    'packages/workshop': {
      entry: ['bin/*.mjs', 'check/*/main.ts', 'test/**/*.test.ts'],
      project: ['src/**/*.ts', 'bin/*.mjs', 'check/**/*.ts', 'test/**/*.ts'],
    },
    examples: {
      entry: ['*/*.ts', '*/page/main.ts', '12-frameworks/*/main.{ts,tsx}', '*/test/*.test.ts'],
      project: ['**/*.{ts,tsx,vue}'],
      // The snippets of README, guide and cookbook resolve imports here, so all packages are dependencies.
      ignoreDependencies: ['@antiphon/.+', '@opentelemetry/.+', 'arktype', 'jose', 'mqtt', 'valibot', 'zod'],
    },
  },
}

export default config
