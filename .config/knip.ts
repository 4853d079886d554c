import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { KnipConfig } from 'knip'

// A package that is only laid out, its door still empty, uses nothing of what it will need.
const isLaidOut = (name: string): boolean => {
  const index = new URL(`../packages/${name}/src/index.ts`, import.meta.url)
  return existsSync(index) && readFileSync(index, 'utf8').trim() === 'export {}'
}
const packages = readdirSync(new URL('../packages', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)

const config: KnipConfig = {
  ignoreExportsUsedInFile: true,
  ignoreWorkspaces: packages.filter(isLaidOut).map((name) => `packages/${name}`),
  // Debian brings these; who uses them says so where they lack.
  ignoreBinaries: ['apt-get', 'chroot', 'debootstrap', 'dpkg-deb', 'mosquitto', 'mosquitto_.+', 'prlimit'],
  workspaces: {
    '.': {
      entry: ['.config/*.{ts,js}', 'docs/.vitepress/config.ts'],
      project: ['.config/*.{ts,js}', 'docs/.vitepress/*.ts'],
      vitest: { config: '.config/vitest.config.ts' },
      eslint: { config: '.config/eslint.config.js' },
      stryker: { config: '.config/stryker.config.js' },
      // The check starts these by their path.
      ignoreDependencies: ['@arethetypeswrong/cli', 'publint'],
    },
    'packages/*': {
      entry: ['test/**/*.test.ts'],
      project: ['src/**/*.ts', 'test/**/*.ts'],
    },
    // Jest is started by its path, and loads what takes the types out.
    'packages/testing': {
      entry: ['test/**/*.test.ts', 'test/jest/typescript.mjs'],
      project: ['src/**/*.ts', 'test/**/*.{ts,mjs}'],
    },
    // A test starts its responders as programs.
    'packages/broker': {
      entry: ['test/**/*.test.ts', 'test/group/responder.ts'],
      project: ['src/**/*.ts', 'test/**/*.ts'],
    },
    // Its processes are started by their path.
    'packages/acceptance': {
      entry: ['src/*/processes/*.ts', 'test/**/*.test.ts'],
      project: ['src/**/*.ts', 'test/**/*.ts'],
    },
    // Its programs start each other by their path; the contestants have packages of their own.
    'packages/bench': {
      entry: ['src/*.ts', 'src/peers/programs/*.ts', 'test/**/*.test.ts'],
      project: ['src/**/*.ts', 'test/**/*.ts'],
    },
    'packages/workshop': {
      entry: ['bin/*.mjs', 'check/*/main.ts', 'test/**/*.test.ts'],
      project: ['src/**/*.ts', 'bin/*.mjs', 'check/**/*.ts', 'test/**/*.ts'],
    },
    examples: {
      entry: ['*/*.ts', '*/page/main.ts', '*/test/*.test.ts'],
      project: ['**/*.ts'],
      // The snippets of README and guide see what the examples see: everything.
      ignoreDependencies: ['@antiphon/.+', 'io-ts'],
    },
  },
}

export default config
