import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const docs = fileURLToPath(new URL('..', import.meta.url))

/** An item of the sidebar. */
export interface Item {
  readonly text: string
  readonly link: string
}

/** A section of the sidebar. */
export interface Section {
  readonly text: string
  readonly link?: string
  readonly collapsed?: boolean
  readonly items: Item[]
}

/** The sections for users, in their order. A page names its section in its front matter; without one, it is in the guide. */
export const userSections = [
  'Getting started',
  'Playground',
  'Guide',
  'Cookbook',
  'Endpoints of the wild',
  'In production',
  'Troubleshooting',
  'FAQ',
  'Compared',
  'Migrate',
  'Concepts',
] as const

/** The section of the pages for contributors. */
export const contributorSection = 'Contribute'

interface Page extends Item {
  readonly section: string
}

/** Lists the pages of a folder: by `order` of the front matter, titled by their first heading. */
function pagesIn(folder: string, section: string): Page[] {
  if (!existsSync(join(docs, folder))) return []
  return readdirSync(join(docs, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.endsWith('index.md') && name !== 'README.md')
    .map((name) => {
      const page = readFileSync(join(docs, folder, name), 'utf8')
      const [, frontMatter = ''] = /^---\n([^]*?)\n---\n/.exec(page) ?? []
      return {
        text: /^# (.+)$/m.exec(page)?.[1]?.replaceAll('\\', '') ?? name,
        link: `/${folder}/${name.replace(/\.md$/, '')}`,
        order: Number(/^order: (\d+)$/m.exec(frontMatter)?.[1] ?? Number.MAX_SAFE_INTEGER),
        section: /^section: (.+)$/m.exec(frontMatter)?.[1] ?? section,
      }
    })
    .sort((a, b) => a.order - b.order || a.link.localeCompare(b.link))
    .map(({ text, link, section }) => ({ text, link, section }))
}

const item = ({ text, link }: Page): Item => ({ text, link })

/** Pages outside of the guide, by section. */
const furtherPages: Readonly<Record<string, readonly Item[]>> = {
  Playground: [{ text: 'Playground', link: '/playground' }],
  'In production': [{ text: 'Security', link: '/SECURITY' }],
  Concepts: [{ text: 'Wire format', link: '/wire' }],
}

/** Sections with a page of their own that lists theirs. */
const overviews: Readonly<Record<string, Pick<Section, 'link' | 'collapsed'>>> = {
  Guide: { link: '/guide/' },
  Cookbook: { link: '/cookbook/', collapsed: true },
  Migrate: { link: '/migrate/' },
}

/** Lists the modules of the reference. Their exports are pages of their own, which a module lists itself. */
function modulePages(): Item[] {
  const folder = 'reference/@antiphon'
  if (!existsSync(join(docs, folder))) return []
  return readdirSync(join(docs, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('index.md'))
    .map((name) => name.replaceAll('\\', '/').replace(/\/index\.md$/, ''))
    .sort()
    .map((name) => ({ text: `@antiphon/${name}`, link: `/${folder}/${name}/` }))
}

/** Returns the sections for users. */
export function userSidebar(): Section[] {
  const pages = [
    ...pagesIn('guide', 'Guide'),
    ...pagesIn('cookbook', 'Cookbook'),
    ...pagesIn('migrate', 'Migrate'),
  ]
  const unknown = pages.find(
    ({ section }) => section !== contributorSection && !(userSections as readonly string[]).includes(section),
  )
  if (unknown !== undefined)
    throw new Error(
      `the section of ${unknown.link} is ${unknown.section}: it must be one of ${userSections.join(', ')}`,
    )
  const sections = userSections.map((text): Section => {
    const items = [
      ...pages.filter(({ section }) => section === text).map(item),
      ...(furtherPages[text] ?? []),
    ]
    const [page] = items
    // A section that is one page of the same name needs no list.
    const isPage = items.length === 1 && page?.text.startsWith(text) === true
    if (isPage) return { text, link: page.link, items: [] }
    return { text, items, ...overviews[text] }
  })
  return [
    ...sections.filter(({ link, items }) => link !== undefined || items.length > 0),
    { text: 'Reference', link: '/reference/', items: [] },
  ]
}

/** Returns the modules of the reference. */
export function referenceSidebar(): Section[] {
  return [{ text: 'Reference', link: '/reference/', items: modulePages() }]
}

/** Returns the pages for contributors. */
export function contributorSidebar(): Section[] {
  return [
    {
      text: contributorSection,
      items: [
        { text: 'Architecture', link: '/architecture' },
        { text: 'What it can do', link: '/capabilities' },
        { text: 'Behaviours', link: '/behaviours' },
        { text: 'Acceptance report', link: '/acceptance/README' },
        { text: 'Simulated fleets', link: '/simulation/README' },
        { text: 'Benchmark report', link: '/bench/README' },
        ...pagesIn('guide', 'Guide')
          .filter(({ section }) => section === contributorSection)
          .map(item),
      ],
    },
    { text: 'Decisions', link: '/decisions/', items: pagesIn('decisions', 'Decisions').map(item) },
  ]
}
