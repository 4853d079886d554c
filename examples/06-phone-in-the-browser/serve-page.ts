/** Bundles the page as an application would, and serves it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, defaultClientConditions, preview, type InlineConfig } from 'vite'
import { resolvePublished } from './resolve-published.js'
import type { Settings } from './page/settings.js'

/** The page's settings and how it is served. */
export interface PageOptions {
  readonly settings: Omit<Settings, 'hasTunnel'>
  /** The preferred port; if it is in use, the next free one is taken. */
  readonly port: number
  /** Called when a user presses the tunnel button: turns the listener for phones off, or on again. */
  readonly setListening?: (isListening: boolean) => Promise<void>
}

/** A served page. */
export interface Page {
  readonly url: string
  readonly close: () => Promise<void>
}

/** Allows the page's own files and the hub only: in particular no worker made from a blob. */
function policyFor(hub: string): string {
  const { origin } = new URL(hub)
  return [
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:",
    `connect-src 'self' ${origin}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  ].join('; ')
}

/** Selects the smallest modules of two libraries: of fp-ts those that a bundler can shorten, of rxjs those without ES5. */
const resolve: NonNullable<InlineConfig['resolve']> = {
  alias: [{ find: /^fp-ts\/lib\//, replacement: 'fp-ts/es6/' }],
  conditions: ['es2015', ...defaultClientConditions],
}

/** Bundles the page into a temporary folder and serves it on this machine until it is closed. */
export async function servePage({ settings, port, setListening }: PageOptions): Promise<Page> {
  const outDir = await mkdtemp(join(tmpdir(), 'antiphon-phone-'))
  const config: InlineConfig = {
    configFile: false,
    root: fileURLToPath(new URL('page', import.meta.url)),
    logLevel: 'warn',
    resolve,
    build: { outDir, emptyOutDir: true, target: 'es2022', modulePreload: { polyfill: false } },
  }
  await build({ ...config, plugins: [resolvePublished()] })
  const server = await preview({
    ...config,
    preview: {
      host: '127.0.0.1',
      port,
      headers: { 'Content-Security-Policy': policyFor(settings.url), 'Cache-Control': 'no-store' },
    },
    plugins: [
      {
        name: 'phone',
        configurePreviewServer: ({ middlewares }) => {
          middlewares.use('/settings.json', (_, response) => {
            const pageSettings: Settings = { ...settings, hasTunnel: setListening !== undefined }
            response.setHeader('Content-Type', 'application/json').end(JSON.stringify(pageSettings))
          })
          middlewares.use('/signal', ({ method, url }, response) => {
            if (method !== 'POST' || setListening === undefined) {
              response.writeHead(404).end()
              return
            }
            const respond = (status: number) => () => response.writeHead(status).end()
            setListening(url === '/on').then(respond(204), respond(500))
          })
        },
      },
    ],
  })
  return {
    url: server.resolvedUrls?.local[0] ?? '',
    close: async () => {
      await server.close()
      await rm(outDir, { recursive: true, force: true })
    },
  }
}
