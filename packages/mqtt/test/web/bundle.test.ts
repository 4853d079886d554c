import { isBuiltin } from 'node:module'
import { fileURLToPath } from 'node:url'
import { build, type Rollup } from 'vite'
import { expect, it } from 'vitest'

it('bundles for a browser without MQTT.js, ws, streams of Node or any module of Node', async () => {
  const warnings: string[] = []
  const output = (await build({
    configFile: false,
    logLevel: 'silent',
    root: fileURLToPath(new URL('../..', import.meta.url)),
    build: {
      write: false,
      lib: { entry: 'src/web/index.ts', formats: ['es'] },
      rollupOptions: { onwarn: ({ message }) => warnings.push(message) },
    },
  })) as Rollup.RollupOutput[]
  const chunks = output.flatMap((result) => result.output).filter((file) => file.type === 'chunk')
  const modules = chunks.flatMap((chunk) => chunk.moduleIds)
  const packages = new Set(
    modules.flatMap((id) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id)?.[1] ?? []),
  )
  expect([...packages].sort()).toEqual(['rxjs', 'tslib'])
  expect(chunks.flatMap((chunk) => [...chunk.imports, ...chunk.dynamicImports]).filter(isBuiltin)).toEqual([])
  expect(warnings).toEqual([])
})
