import { appendFile, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inRoot } from '../workspace.js'
import { guideSections, type GuidePage } from './guide-mentions.js'
import { readSymbolIndex } from './symbol-index.js'

/** Appends to each page of an export the pages of the guide that explain it. */
export async function writeGuideLinks(reference: string): Promise<void> {
  const sections = guideSections(await guidePages(), readSymbolIndex(reference))
  for (const [page, section] of sections)
    await appendFile(join(reference, `${page.replace(/^\/reference\//, '')}.md`), section)
}

async function guidePages(): Promise<readonly GuidePage[]> {
  const folders = ['guide', 'cookbook', 'migrate'].map(async (folder) => {
    const names = (await readdir(inRoot('docs', folder))).filter((name) => name.endsWith('.md')).sort()
    return Promise.all(
      names
        .filter((name) => name !== 'index.md')
        .map(async (name) => ({
          link: `/${folder}/${name.replace(/\.md$/, '')}`,
          markdown: await readFile(inRoot('docs', folder, name), 'utf8'),
        })),
    )
  })
  return (await Promise.all(folders)).flat()
}
