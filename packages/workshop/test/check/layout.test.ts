import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { inRoot, packagesOf, publicPackages, root } from '../../check/workspace.js'

const references = (file: string): readonly string[] => {
  const { references: all } = JSON.parse(readFileSync(inRoot(file), 'utf8')) as {
    readonly references: readonly { readonly path: string }[]
  }
  return all.map(({ path }) => path.replace('./', ''))
}
const { engines } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8')) as {
  readonly engines: { readonly node: string }
}
const all = packagesOf()
const published = publicPackages()

describe('the repository', () => {
  it('has only the expected files and folders at the top level', () => {
    const isVisible = (name: string): boolean => !name.startsWith('.') && name !== 'node_modules'
    const names = readdirSync(root).filter(isVisible).sort()
    const expected = ['LICENSE', 'README.md', 'docs', 'examples', 'package.json', 'packages']
    expect(names).toEqual([...expected, 'pnpm-lock.yaml', 'pnpm-workspace.yaml', 'tsconfig.base.json'])
  })

  it('compiles every package and its tests', () => {
    const expected = all
      .flatMap(({ folderName, folder }) => [
        [folderName, folder] as const,
        [`${folderName}/test`, join(folder, 'test')] as const,
      ])
      .filter(([, folder]) => existsSync(join(folder, 'tsconfig.json')))
      .map(([name]) => name)
    expect(references('packages/tsconfig.json')).toEqual(expect.arrayContaining(expected))
  })

  it('builds every published package and no other', () => {
    expect([...references('packages/tsconfig.build.json')].sort()).toEqual(
      published.map(({ folderName }) => folderName).sort(),
    )
  })

  it.each(published)(
    'has description, keywords, author, licence, engines and published exports in the manifest of $name',
    (item) => {
      const manifest = item.manifest as unknown as Record<string, unknown>
      expect(manifest).toMatchObject({
        description: expect.any(String) as string,
        keywords: expect.arrayContaining(['mqtt']) as readonly string[],
        author: 'The Antiphon authors',
        license: 'MIT',
        type: 'module',
        engines: { node: engines.node },
        publishConfig: { access: 'public' },
      })
      const { exports: publishedExports } = manifest['publishConfig'] as {
        readonly exports: Readonly<Record<string, unknown>>
      }
      expect(Object.keys(publishedExports)).toEqual(Object.keys(item.manifest.exports ?? {}))
    },
  )
})
