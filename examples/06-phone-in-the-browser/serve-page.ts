/** Builds the page as an application would, and serves it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, preview, type InlineConfig } from 'vite'
import { asPublished } from './as-published.js'
import type { Settings } from './page/settings.js'

/** What is served. */
export interface PageOptions {
  readonly settings: Omit<Settings, 'hasTunnel'>
  /** The next free one where it is taken. */
  readonly port: number
  /** Called when somebody on the page drives into a tunnel, or out of it. */
  readonly setOnAir?: (isOnAir: boolean) => Promise<void>
}

/** A page that is served. */
export interface Page {
  readonly url: string
  readonly close: () => Promise<void>
}

/** Nothing but what comes from here, and the hub: in particular no worker made from a blob. */
function policyFor(hub: string): string {
  const { origin } = new URL(hub)
  return [
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:",
    `connect-src 'self' ${origin}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  ].join('; ')
}

/** Bundles the page into a folder of its own, and serves it on this machine until it is closed. */
export async function servePage({ settings, port, setOnAir }: PageOptions): Promise<Page> {
  const outDir = await mkdtemp(join(tmpdir(), 'antiphon-phone-'))
  const config: InlineConfig = {
    configFile: false,
    root: fileURLToPath(new URL('page', import.meta.url)),
    logLevel: 'warn',
    build: { outDir, emptyOutDir: true, target: 'es2022', modulePreload: { polyfill: false } },
  }
  await build({ ...config, plugins: [asPublished()] })
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
            const told: Settings = { ...settings, hasTunnel: setOnAir !== undefined }
            response.setHeader('Content-Type', 'application/json').end(JSON.stringify(told))
          })
          middlewares.use('/signal', ({ method, url }, response) => {
            if (method !== 'POST' || setOnAir === undefined) {
              response.writeHead(404).end()
              return
            }
            const answer = (status: number) => () => response.writeHead(status).end()
            setOnAir(url === '/on').then(answer(204), answer(500))
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
