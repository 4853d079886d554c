import { describeForeign, foreignCommand } from '@antiphon/workshop'
import axe from 'axe-core'
import { existsSync } from 'node:fs'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { checkCommand } from '../../check/steps.js'
import { runCommand } from '../../check/run-command.js'
import { inCache } from '../../check/workspace.js'
import { serveSite, type Site } from './serve-site.js'

/** Compressed bytes of a page with everything that it loads before a search. */
const maximumWeight = 200_000

const desktop = { width: 1_440, height: 900 }
const phone = { width: 390, height: 844 }

describeForeign(['chromium'], 'the site in headless Chromium', () => {
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

  const open = async (path: string, options: Parameters<Browser['newPage']>[0] = {}): Promise<Page> => {
    const page = await browser.newPage({ viewport: desktop, ...options })
    await page.goto(site.url + path, { waitUntil: 'networkidle' })
    return page
  }

  it.each(['timeout', 'health', 'credit', 'clean shutdown', 'zod', 'slow handler'])(
    'shows a page of the guide first for the search "%s"',
    async (query) => {
      const page = await open('/')
      await page.getByRole('button', { name: 'Search' }).first().click()
      await page.locator('#localsearch-input').fill(query)
      const first = page.locator('.VPLocalSearchBox a.result').first()
      await first.waitFor()
      expect(await first.getAttribute('href')).toMatch(/^\/guide\//)
      await page.close()
    },
  )

  it.each(['/', '/guide/', '/guide/send-requests', '/reference/@antiphon/core/topic'])(
    'has no violation that axe-core finds in %s, with light and dark colours',
    async (path) => {
      for (const colorScheme of ['light', 'dark'] as const) {
        const page = await open(path, { colorScheme })
        await page.evaluate(axe.source)
        const { violations } = await page.evaluate(() =>
          (globalThis as unknown as { readonly axe: typeof axe }).axe.run(),
        )
        const found = violations.flatMap(({ id, nodes }) =>
          nodes.map(({ html }) => `${colorScheme} ${id}: ${html}`),
        )
        expect(found).toEqual([])
        await page.close()
      }
    },
  )

  it.each(['/', '/guide/', '/guide/send-requests'])('loads %s with less than 200 kB', async (path) => {
    const page = await browser.newPage({ viewport: desktop })
    const weights: Promise<number>[] = []
    page.on('response', (response) => {
      weights.push(
        response
          .finished()
          .then(() => response.request().sizes())
          .then(({ responseBodySize }) => responseBodySize),
      )
    })
    await page.goto(site.url + path, { waitUntil: 'networkidle' })
    const weight = (await Promise.all(weights)).reduce((sum, each) => sum + each, 0)
    expect(weight).toBeGreaterThan(0)
    expect(weight).toBeLessThan(maximumWeight)
    await page.close()
  })

  it.each(['/', '/guide/', '/guide/send-requests'])(
    'does not scroll %s sideways on a phone',
    async (path) => {
      const page = await open(path, { viewport: phone })
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      expect(overflow).toBeLessThanOrEqual(0)
      await page.close()
    },
  )
})
