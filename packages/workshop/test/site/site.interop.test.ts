import axe from 'axe-core'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { snippetsIn } from '../../check/snippets/extract.js'
import { inRoot } from '../../check/workspace.js'
import { describeSite, phone } from './describe-site.js'

describeSite('the site in headless Chromium', ({ open }) => {
  it.each(['timeout', 'ECONNREFUSED', 'health', 'credit', 'clean shutdown', 'zod', 'slow handler'])(
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

  it.each([
    '/',
    '/guide/',
    '/guide/send-requests',
    '/guide/troubleshooting',
    '/cookbook/',
    '/cookbook/debounce-and-switch',
    '/reference/@antiphon/core/',
    '/reference/@antiphon/core/interfaces/ExchangeOptions',
  ])('has no violation that axe-core finds in %s, with light and dark colours', async (path) => {
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
  })

  it.each(['/', '/guide/', '/guide/send-requests', '/cookbook/keep-the-order'])(
    'does not scroll %s sideways on a phone',
    async (path) => {
      const page = await open(path, { viewport: phone })
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      expect(overflow).toBeLessThanOrEqual(0)
      await page.close()
    },
  )

  it.each(['/guide/send-requests', '/guide/command-line', '/guide/testing', '/cookbook/hedge-a-request'])(
    'shows the code and the marbles of %s without scrolling on a desktop',
    async (path) => {
      const page = await open(path)
      const scrolled = await page.evaluate(() =>
        [...document.querySelectorAll('.vp-doc pre, .vp-doc .marbles > div')]
          .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
          .map(({ textContent }) => textContent),
      )
      expect(scrolled).toEqual([])
      await page.close()
    },
  )

  it('shows the text of a marble diagram', async () => {
    const page = await open('/guide/send-requests')
    const figure = page.locator('.marbles').first()
    expect(await figure.locator('svg').getAttribute('aria-label')).toMatch(
      /^Marble diagram\. requests: a at 2/,
    )
    await figure.getByText('As text').press('Enter')
    expect(await figure.locator('pre').innerText()).toMatch(/^requests {3}--a---b-/)
    await page.close()
  })

  it('opens folded imports by key, and copies them with the rest of the block', async () => {
    const permissions = ['clipboard-read', 'clipboard-write']
    const page = await open('/guide/send-requests', { permissions })
    const block = page.locator('div.language-ts:has(.folded-code)').first()
    expect(await block.locator('details').getAttribute('open')).toBeNull()
    await block.locator('summary').press('Enter')
    expect(await block.locator('details').getAttribute('open')).not.toBeNull()
    await block.hover()
    await block.locator('button.copy').click()
    const copied = await page.evaluate(() => navigator.clipboard.readText())
    const source = snippetsIn(readFileSync(inRoot('docs', 'guide', 'send-requests.md'), 'utf8'))
    expect(source.map(({ code }) => code.trim())).toContain(copied.trim())
    await page.close()
  })

  it('links a mention of an export to its page, which links back', async () => {
    const page = await open('/guide/send-requests')
    await page
      .locator('.vp-doc a:has(code)', { hasText: /^gather\$$/ })
      .first()
      .click()
    await page.waitForURL('**/reference/@antiphon/core/functions/gather$')
    await page.getByRole('heading', { name: 'In the guide' }).waitFor()
    await page.locator('.vp-doc').getByRole('link', { name: 'Send requests' }).click()
    await page.waitForURL('**/guide/send-requests')
    await page.close()
  })
})
