import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'

const docs = fileURLToPath(new URL('..', import.meta.url))

/** An item of the sidebar. */
interface Item {
  readonly text: string
  readonly link: string
}

/** Lists the pages of a folder: by `order` of the front matter, titled by their first heading. */
function pagesIn(folder: string): Item[] {
  if (!existsSync(join(docs, folder))) return []
  return readdirSync(join(docs, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.endsWith('index.md') && name !== 'README.md')
    .map((name) => {
      const page = readFileSync(join(docs, folder, name), 'utf8')
      const order = Number(/^order: (\d+)$/m.exec(page)?.[1] ?? Number.MAX_SAFE_INTEGER)
      const text = /^# (.+)$/m.exec(page)?.[1]?.replaceAll('\\', '') ?? name
      return { text, link: `/${folder}/${name.replace(/\.md$/, '')}`, order }
    })
    .sort((a, b) => a.order - b.order || a.link.localeCompare(b.link))
    .map(({ text, link }) => ({ text, link }))
}

export default defineConfig({
  title: 'Antiphon',
  description: 'Request/response over MQTT as RxJS streams',
  // GitHub Pages serves the site under the name of the repository.
  base: process.env['ANTIPHON_DOCS_BASE'] ?? '/',
  outDir: '../.cache/site',
  cacheDir: '../.cache/vitepress',
  srcExclude: ['api/**'],
  markdown: {
    config: (markdown) => {
      const render = markdown.renderer.rules.code_inline
      // Vue would read `{{…}}` in code as an expression.
      markdown.renderer.rules.code_inline = (...args) => (render?.(...args) ?? '').replace('<code', '<code v-pre')
    },
  },
  rewrites: { 'decisions/README.md': 'decisions/index.md' },
  cleanUrls: true,
  themeConfig: {
    nav: [
      { text: 'Guide', link: '/guide/' },
      { text: 'API', link: '/reference/' },
      { text: 'What it can do', link: '/capabilities' },
      { text: 'Wire format', link: '/wire' },
      { text: 'Behaviours', link: '/behaviours' },
      { text: 'Architecture', link: '/architecture' },
      { text: 'Decisions', link: '/decisions/' },
      { text: 'Security', link: '/SECURITY' },
    ],
    sidebar: [
      { text: 'Guide', link: '/guide/', items: pagesIn('guide') },
      { text: 'API reference', link: '/reference/', items: pagesIn('reference') },
      { text: 'Decisions', link: '/decisions/', items: pagesIn('decisions') },
    ],
    outline: 'deep',
    search: { provider: 'local' },
  },
})
