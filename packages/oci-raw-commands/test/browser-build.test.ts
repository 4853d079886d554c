import { describe, expect, it } from 'vitest'

describe('the device code', () => {
  it('bundles the device code for the browser without Node modules', async () => {
    const { build } = await import('esbuild')
    const bundle = await build({
      entryPoints: [new URL('../src/index.ts', import.meta.url).pathname],
      bundle: true,
      platform: 'browser',
      write: false,
      logLevel: 'silent',
    })
    expect(bundle.outputFiles[0]?.text).not.toMatch(/from ["']node:/)
  })
})
