import { mkdir, writeFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { Application, Logger, LogLevel, PageEvent, type TypeDocOptions } from 'typedoc'
import type { PluginOptions } from 'typedoc-plugin-markdown'
import { inCache, inRoot, publicPackages } from '../workspace.js'
import { referenceFaults, writeDefaults } from './reference-faults.js'
import { writeGuideLinks } from './write-guide-links.js'

/** The folder of the generated reference. */
export const reference: string = inRoot('docs', 'reference')

// typedoc treats a property with a function type as a function; only exports must have a comment.
const propertyWarning = /\(Property\), defined in .* does not have any documentation/

/** Collects the warnings of typedoc. */
class WarningLogger extends Logger {
  readonly all: string[] = []

  override log(message: string, level: LogLevel): void {
    if (level >= LogLevel.Warn) this.all.push(message)
  }
}

/**
 * Writes the API reference of all public entries as Markdown, from their TSDoc.
 *
 * Resolves with the warnings, such as exports without a comment, options without a description and broken links.
 */
export async function writeReference(): Promise<readonly string[]> {
  const packages = publicPackages()
  const entries = packages.flatMap((item) => item.entries).filter(({ isInternal }) => !isInternal)
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
    outputFileStrategy: 'members',
    // What a class inherits from JavaScript's own, such as the members of Error, is not listed again.
    excludeExternals: true,
    disableSources: true,
    excludeInternal: true,
    hidePageHeader: true,
    useCodeBlocks: true,
    indexFormat: 'table',
    parametersFormat: 'table',
    interfacePropertiesFormat: 'table',
    tableColumnSettings: { hideModifiers: true, hideInherited: true, hideOverrides: true },
    entryFileName: 'index',
    githubPages: false,
    validation: { invalidLink: true, notDocumented: true, notExported: false },
    packagesRequiringDocumentation: packages.map(({ name }) => name),
    requiredToBeDocumented: ['Class', 'Enum', 'Function', 'Interface', 'TypeAlias', 'Variable'],
  }
  const app = await Application.bootstrapWithPlugins(options)
  const warnings = new WarningLogger()
  app.logger = warnings
  const faults: string[] = []
  // The plugin writes a default value that is not stated as undefined.
  app.renderer.on(PageEvent.END, (page) => {
    page.contents = writeDefaults(page.contents ?? '')
    faults.push(...referenceFaults(page.url, page.contents))
  })
  const project = await app.convert()
  if (project === undefined) return [...warnings.all, 'cannot read the sources: typedoc failed']
  // typedoc names a module by its path; users know it by its import specifier.
  for (const child of project.children ?? []) {
    const entry = entries.find(({ source }) => moduleName(source) === child.name)
    if (entry !== undefined) child.name = entry.specifier
  }
  // Otherwise the page of the interface `Link` of `@antiphon/core` gets the file name of the page of `@antiphon/core/link`.
  project.childrenIncludingDocuments?.sort((a, b) => b.name.split('/').length - a.name.split('/').length)
  app.validate(project)
  await app.generateOutputs(project)
  await writeGuideLinks(reference)
  return [...warnings.all.filter((warning) => !propertyWarning.test(warning)), ...faults]
}

function moduleName(source: string): string {
  return relative(inRoot('packages'), source)
    .replace(/\.ts$/, '')
    .replace(/\/index$/, '')
}
