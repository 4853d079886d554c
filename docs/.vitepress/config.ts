import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'
import {
  drawMarbleBlocks,
  foldKnownImports,
  linkSymbols,
  sizeImages,
} from '../../packages/workshop/check/docs/markdown.js'
import { readSymbolIndex } from '../../packages/workshop/check/docs/symbol-index.js'
import { searchOptions } from './search.js'
import { contributorSidebar, referenceSidebar, userSidebar } from './sections.js'

// GitHub Pages serves the site under the name of the repository.
const base = process.env['ANTIPHON_DOCS_BASE'] ?? '/'
const docs = fileURLToPath(new URL('..', import.meta.url))
const symbols = readSymbolIndex(join(docs, 'reference'))
const contributorPages = [
  'architecture',
  'behaviours',
  'capabilities',
  'acceptance',
  'simulation',
  'bench',
  'decisions',
]

export default defineConfig({
  title: 'Antiphon',
  description: 'Request/response over MQTT as RxJS streams',
  lang: 'en',
  base,
  outDir: '../.cache/site',
  cacheDir: '../.cache/vitepress',
  srcExclude: ['api/**'],
  head: [
    ['link', { rel: 'icon', type: 'image/svg+xml', href: `${base}logo.svg` }],
    ['meta', { name: 'theme-color', content: '#0f766e' }],
    // A page is painted when its text is complete: later rows of a table would change the widths of its columns.
    ['link', { rel: 'expect', blocking: 'render', href: '#VPContent' }],
  ],
  markdown: {
    image: { lazyLoading: true },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config: (markdown) => {
      const render = markdown.renderer.rules.code_inline
      // Vue would read `{{…}}` in code as an expression.
      markdown.renderer.rules.code_inline = (...args) =>
        (render?.(...args) ?? '').replace('<code', '<code v-pre')
      foldKnownImports(markdown)
      drawMarbleBlocks(markdown)
      linkSymbols(markdown, symbols)
      sizeImages(markdown, docs)
    },
  },
  rewrites: { 'decisions/README.md': 'decisions/index.md' },
  cleanUrls: true,
  // The list of all pages is a file of its own; otherwise it would be in each of the more than a thousand pages.
  metaChunk: true,
  // A page of the guide links to so many others that loading them ahead would weigh more than itself.
  router: { prefetchLinks: false },
  // The theme makes room for the sidebar only when its script runs, which would move the bar above the page.
  transformHtml: (html) =>
    html.includes('<aside class="VPSidebar"')
      ? html.replace('<div class="VPNavBar"', '<div class="VPNavBar has-sidebar top"')
      : html,
  vite: {
    resolve: {
      alias: [
        {
          find: /^.*\/VPHome\.vue$/,
          replacement: fileURLToPath(new URL('components/HomePage.vue', import.meta.url)),
        },
      ],
    },
  },
  themeConfig: {
    logo: { src: '/logo.svg', alt: '' },
    nav: [
      { text: 'Get started', link: '/guide/getting-started' },
      { text: 'Guide', link: '/guide/', activeMatch: '^/guide/(?!getting-started|troubleshooting)' },
      { text: 'Playground', link: '/playground' },
      { text: 'Cookbook', link: '/cookbook/', activeMatch: '^/cookbook/' },
      { text: 'Reference', link: '/reference/', activeMatch: '^/reference/' },
      { text: 'Troubleshooting', link: '/guide/troubleshooting' },
      { text: 'Contribute', link: '/architecture', activeMatch: `^/(${contributorPages.join('|')})` },
    ],
    sidebar: {
      '/': userSidebar(),
      '/reference/': referenceSidebar(),
      ...Object.fromEntries(contributorPages.map((page) => [`/${page}`, contributorSidebar()])),
    },
    outline: { level: [2, 3], label: 'On this page' },
    search: { provider: 'local', options: searchOptions },
  },
})
