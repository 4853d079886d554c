import { mkdir, writeFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { Application, Logger, LogLevel, type TypeDocOptions } from 'typedoc'
import type { PluginOptions } from 'typedoc-plugin-markdown'
import { inCache, inRoot, publicPackages } from '../workspace.js'

/** Where the generated reference lies. */
export const reference: string = inRoot('docs', 'reference')

// A property that is a function counts as one for typedoc, but it is an export that must say what it is for.
const aboutProperty = /\(Property\), defined in .* does not have any documentation/

/** Keeps what typedoc complains about. */
class Complaints extends Logger {
  readonly all: string[] = []

  override log(message: string, level: LogLevel): void {
    if (level >= LogLevel.Warn) this.all.push(message)
  }
}

/**
 * Writes the API reference of all public entries as Markdown, from their TSDoc.
 *
 * Resolves with the complaints: exports without a comment, links that lead nowhere.
 */
export async function writeReference(): Promise<readonly string[]> {
  const packages = publicPackages()
  const entries = packages.flatMap((each) => each.entries).filter(({ isInternal }) => !isInternal)
  const tsconfig = inCache('typedoc', 'tsconfig.json')
  await mkdir(inCache('typedoc'), { recursive: true })
  await writeFile(
    tsconfig,
    JSON.stringify({
      extends: relative(inCache('typedoc'), inRoot('tsconfig.base.json')),
      compilerOptions: {
        noEmit: true,
        composite: false,
        types: ['node'],
        typeRoots: [inRoot('node_modules', '@types')],
      },
      files: entries.map(({ source }) => source),
    }),
  )
  const options: TypeDocOptions & Partial<PluginOptions> = {
    tsconfig,
    entryPoints: entries.map(({ source }) => source),
    outputs: [{ name: 'markdown', path: reference }],
    plugin: ['typedoc-plugin-markdown'],
    name: 'API reference',
    readme: 'none',
    outputFileStrategy: 'modules',
    disableSources: true,
    excludeInternal: true,
    hidePageHeader: true,
    hideBreadcrumbs: true,
    useCodeBlocks: true,
    entryFileName: 'index',
    githubPages: false,
    validation: { invalidLink: true, notDocumented: true, notExported: false },
    packagesRequiringDocumentation: packages.map(({ name }) => name),
    requiredToBeDocumented: ['Class', 'Enum', 'Function', 'Interface', 'TypeAlias', 'Variable'],
  }
  const app = await Application.bootstrapWithPlugins(options)
  const complaints = new Complaints()
  app.logger = complaints
  const project = await app.convert()
  if (project === undefined) return [...complaints.all, 'typedoc cannot read the sources']
  // typedoc names a module by its path; users know it by what they import.
  for (const each of project.children ?? []) {
    const entry = entries.find(({ source }) => moduleName(source) === each.name)
    if (entry !== undefined) each.name = entry.specifier
  }
  // An interface `Link` of `@antiphon/core` would take the file name of the page about `@antiphon/core/link`.
  project.childrenIncludingDocuments?.sort((a, b) => b.name.split('/').length - a.name.split('/').length)
  app.validate(project)
  await app.generateOutputs(project)
  return complaints.all.filter((complaint) => !aboutProperty.test(complaint))
}

function moduleName(source: string): string {
  return relative(inRoot('packages'), source)
    .replace(/\.ts$/, '')
    .replace(/\/index$/, '')
}
