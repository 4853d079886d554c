import { describeForeign, foreignCommand } from '@antiphon/workshop'
import { existsSync } from 'node:fs'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { runCommand } from '../../check/run-command.js'
import { checkCommand } from '../../check/steps.js'
import { inCache } from '../../check/workspace.js'
import { serveSite, type Site } from './serve-site.js'

/** The sizes of windows that the tests use. */
export const desktop = { width: 1_440, height: 900 }
export const phone = { width: 390, height: 844 }

/** The site in a browser. */
export interface SiteContext {
  /** The address of a page. */
  readonly urlOf: (path: string) => string
  /** Makes an empty page. */
  readonly blank: (options?: BrowserContextOptions) => Promise<Page>
  /** Opens a page, and waits until it has loaded everything. */
  readonly open: (path: string, options?: BrowserContextOptions) => Promise<Page>
}

/** Declares tests of the built site in headless Chromium. */
export function describeSite(title: string, body: (site: SiteContext) => void): void {
  describeForeign(['chromium'], title, () => {
    let site: Site
    let browser: Browser

    beforeAll(async () => {
      // The check builds it before; a run of this file alone uses what was built last.
      if (!existsSync(inCache('site', 'index.html'))) {
        const [program = '', ...args] = checkCommand('docs')
        const { code, output } = await runCommand(program, args)
        if (code !== 0) throw new Error(`cannot build the site:\n${output}`)
      }
      site = await serveSite(inCache('site'))
      browser = await chromium.launch({
        executablePath: foreignCommand('chromium') ?? '',
        args: ['--headless', '--no-sandbox', '--disable-gpu'],
      })
    }, 1_200_000)

    afterAll(async () => {
      await browser.close()
      await site.close()
    })

    const urlOf = (path: string) => site.url + path
    const blank = (options: BrowserContextOptions = {}) => browser.newPage({ viewport: desktop, ...options })
    body({
      urlOf,
      blank,
      open: async (path, options) => {
        const page = await blank(options)
        await page.goto(urlOf(path), { waitUntil: 'networkidle' })
        return page
      },
    })
  })
}
