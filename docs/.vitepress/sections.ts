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
  'In production': [{ text: 'Security', link: '/SECURITY' }],
  Concepts: [{ text: 'Wire format', link: '/wire' }],
}

/** Returns the sections for users. */
export function userSidebar(): Section[] {
  const pages = pagesIn('guide', 'Guide')
  const unknown = pages.find(
    ({ section }) => section !== contributorSection && !(userSections as readonly string[]).includes(section),
  )
  if (unknown !== undefined)
    throw new Error(
      `the section of ${unknown.link} is ${unknown.section}: it must be one of ${userSections.join(', ')}`,
    )
  const sections = userSections.map((text) => ({
    text,
    items: [...pages.filter(({ section }) => section === text).map(item), ...(furtherPages[text] ?? [])],
  }))
  return [
    ...sections.filter(({ items }) => items.length > 0),
    {
      text: 'Reference',
      link: '/reference/',
      collapsed: true,
      items: pagesIn('reference', 'Reference').map(item),
    },
  ]
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
