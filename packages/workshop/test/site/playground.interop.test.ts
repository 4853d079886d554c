import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { beforeAll, expect, it } from 'vitest'
import { describeSite, phone } from './describe-site.js'

describeSite('the playground in headless Chromium', ({ urlOf, blank, open }) => {
  let page: Page
  const errors: string[] = []
  const outside: string[] = []

  beforeAll(async () => {
    page = await blank()
    page.on('pageerror', (error) => errors.push(String(error)))
    page.on('request', (request) => {
      if (!request.url().startsWith(urlOf(''))) outside.push(request.url())
    })
    await page.goto(urlOf('/playground#hello'), { waitUntil: 'networkidle' })
    await ended()
  }, 120_000)

  const status = () => page.getByRole('status')
  const ended = async (text: RegExp = /exchange/): Promise<void> => status().getByText(text).waitFor()
  const output = async (): Promise<readonly string[]> => page.locator('.lines .text').allInnerTexts()
  const choose = async (title: string): Promise<void> => {
    await page.getByLabel('Program', { exact: true }).selectOption(title)
    await ended()
  }
  /** Replaces the first program, which has no faults, and runs it. */
  const type = async (source: string): Promise<void> => {
    await choose('Two requests')
    await page.getByLabel('Program, in JavaScript').fill(source)
    await page.keyboard.press('Control+Enter')
  }
  const sequence = async (): Promise<string> =>
    (await page.locator('svg.sequence').getAttribute('aria-label')) ?? ''
  const marbles = async (): Promise<string> =>
    (await page.locator('svg.time-lines').getAttribute('aria-label')) ?? ''

  it.each([
    ['Two requests', 'attic: 22.5 °C', /PUBLISH request, [^]*PUBLISH response, settled: responded/],
    ['Retry after a lost response', 'kitchen: 22.5 °C', /PUBLISH request, attempt 2[^]*duplicate/],
    ['Reconnect before the response', 'display: offline', /offline: [^]*online, PUBLISH response/],
    ['Stream with credit', 'shows reading 6', /credit 3[^]*credit 6/],
    ['Cancel by switchMap', 'phone: parts for van', /cancel/],
    ['Gather from three cars', 'missing: car2', /PUBLISH response/],
  ])('runs “%s” and draws it', async (title, line, steps) => {
    await choose(title)
    expect(await output()).toContain(line)
    expect(await sequence()).toMatch(steps)
    expect(await marbles()).toMatch(/requests a at [^]*responses/)
    expect(errors).toEqual([])
  })

  it('stops an endless loop, and says so', async () => {
    await type(`console.log('before')\nfor (;;);`)
    await ended(/Is there an endless loop\?/)
    expect(await output()).toEqual(['before'])
    expect(await page.getByRole('button', { name: 'Run' }).isVisible()).toBe(true)
  })

  it('stops a program when its user says so', async () => {
    await type(`for (;;);`)
    await page.getByRole('button', { name: 'Stop' }).click()
    await ended(/^Stopped\.$/)
  })

  it('names the line of a syntax error, and goes there', async () => {
    await type(`const a = 1\nconst b = ;\nconst c = 3`)
    await ended(/with an error/)
    expect(await output()).toEqual([expect.stringMatching(/^SyntaxError: /)])
    await page.getByRole('button', { name: 'line 2' }).click()
    const selected = await page.evaluate(() => {
      const { value, selectionStart, selectionEnd } = document.activeElement as HTMLTextAreaElement
      return value.slice(selectionStart, selectionEnd)
    })
    expect(selected).toBe('const b = ;')
  })

  it('names the last line if the end of a program is missing', async () => {
    await type(`const a = 1\nif (a) {`)
    await ended(/with an error/)
    expect(await page.getByRole('button', { name: 'line 2' }).count()).toBe(1)
  })

  it.each([
    ['a rejected promise', `\nawait Promise.reject(new Error('sunk'))`, 'Error: sunk'],
    ['a throwing timer', `setTimeout(() => { throw new Error('sunk') }, 10)`, 'Error: sunk'],
    ['a promise without await', `void Promise.reject(new Error('sunk'))`, 'Error: sunk'],
    ['a microtask', `queueMicrotask(() => { throw new Error('sunk') })`, 'Error: sunk'],
    ['the network', `await fetch('https://example.com')`, 'ReferenceError: fetch is not defined'],
    [
      'a dynamic import',
      `await import('https://example.com/x.js')`,
      `cannot import 'https://example.com/x.js'`,
    ],
  ])('shows the error of %s', async (_, source, text) => {
    await type(source)
    await ended(/with an error/)
    expect(await output()).toEqual([expect.stringContaining(text)])
    expect(errors).toEqual([])
    expect(outside).toEqual([])
  })

  it('stops a program after a minute of virtual time', async () => {
    await type(`import { interval } from 'rxjs'\nawait interval(20_000).forEach(console.log)`)
    await ended(/after a minute of virtual time/)
    expect(await output()).toEqual(['0', '1', '2'])
  })

  it('says that a program waits for nothing', async () => {
    await type(`await new Promise(() => undefined)`)
    await ended(/still waits/)
  })

  it('links an error of Antiphon to its entry in Troubleshooting', async () => {
    await choose('Two requests')
    const source = await page.getByLabel('Program, in JavaScript').inputValue()
    await type(source.replace('timeout: 1000', 'timeout: 40'))
    await ended(/with an error/)
    expect((await output()).at(-1)).toMatch(/^\[timeout\] temperature: no response within 40 ms/)
    const link = page.getByRole('link', { name: 'What to do' })
    expect(await link.getAttribute('href')).toBe('/guide/troubleshooting#timeout')
  })

  it('injects the faults of the list', async () => {
    await choose('Two requests')
    await page.getByRole('button', { name: 'Add a fault' }).click()
    await page.getByLabel('Fault', { exact: true }).selectOption('Cut the connection of')
    await page.getByLabel('Client', { exact: true }).selectOption('display')
    await page.getByLabel(/^At/).fill('25')
    await page.getByLabel(/^for/).fill('50')
    await page.getByRole('button', { name: 'Run' }).click()
    await ended()
    expect(await sequence()).toMatch(/offline: /)
    await page.getByLabel(/^At/).fill('')
    await page.getByRole('button', { name: 'Run' }).click()
    await ended(/Every time must be a number/)
    await page.getByRole('button', { name: 'Remove fault 1' }).click()
    await page.getByRole('button', { name: 'Run' }).click()
    await ended()
    expect(await sequence()).not.toMatch(/offline: /)
  })

  it('draws the exchange that is chosen, in the list or by its marble', async () => {
    await choose('Cancel by switchMap')
    expect(await sequence()).toMatch(/settled: cancelled$/)
    await page.getByLabel('Exchange', { exact: true }).selectOption({ index: 2 })
    expect(await sequence()).toMatch(/settled: responded 200$/)
    await page.locator('svg.time-lines .marble').first().click()
    expect(await sequence()).toMatch(/settled: cancelled$/)
  })

  it('shares a program by its URL, and runs it only when its reader says so', async () => {
    await choose('Retry after a lost response')
    expect(page.url()).toMatch(/#retry$/)
    await type(`console.log('shared °')`)
    await ended()
    await page.getByRole('button', { name: 'Copy link' }).click()
    await ended(/link/)
    expect(page.url()).toMatch(/#code=[\w-]+$/)
    const reader = await blank()
    await reader.goto(page.url(), { waitUntil: 'networkidle' })
    await reader.getByRole('status').getByText('from a link').waitFor()
    expect(await reader.getByLabel('Program, in JavaScript').inputValue()).toBe(`console.log('shared °')`)
    expect(await reader.locator('.lines').count()).toBe(0)
    await reader.getByRole('button', { name: 'Run' }).click()
    await reader.locator('.lines').getByText('shared °').waitFor()
    await reader.goto(urlOf('/playground#gather'))
    await reader.locator('.lines').getByText('missing: car2').waitFor()
    await reader.close()
  })

  it.each(['light', 'dark'] as const)(
    'has no violation that axe-core finds, with %s colours',
    async (colorScheme) => {
      const own = await open('/playground#gather', { colorScheme })
      await own.locator('svg.sequence').waitFor()
      await own.getByLabel('Program, in JavaScript').fill('oops(')
      await own.keyboard.press('Control+Enter')
      await own.getByRole('status').getByText('with an error').waitFor()
      await own.evaluate(axe.source)
      for (const program of ['oops(', undefined]) {
        if (program === undefined) {
          await own.getByLabel('Program', { exact: true }).selectOption('Retry after a lost response')
          await own.getByRole('status').getByText('exchange').waitFor()
        }
        const { violations } = await own.evaluate(() =>
          (globalThis as unknown as { readonly axe: typeof axe }).axe.run(),
        )
        expect(violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))).toEqual([])
      }
      await own.close()
    },
  )

  it('resets a program that was changed', async () => {
    await choose('Retry after a lost response')
    const reset = page.getByRole('button', { name: 'Reset' })
    expect(await reset.count()).toBe(0)
    await page.getByRole('button', { name: 'Remove fault 1' }).click()
    await page.getByRole('button', { name: 'Run' }).click()
    await ended()
    expect(await sequence()).not.toContain('attempt 2')
    await reset.click()
    await ended()
    expect(await sequence()).toContain('attempt 2')
    expect(await reset.count()).toBe(0)
  })

  it('keeps the program when a link to a heading is followed', async () => {
    await type(`console.log('kept')`)
    await ended()
    await page.evaluate(() => (location.hash = '#what-a-program-can-use'))
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)))
    expect(await page.getByLabel('Program, in JavaScript').inputValue()).toBe(`console.log('kept')`)
  })

  it('is found by the search', async () => {
    const own = await open('')
    await own.getByRole('button', { name: 'Search' }).first().click()
    await own.locator('#localsearch-input').fill('playground')
    const found = own.locator('.VPLocalSearchBox a.result').first()
    await found.waitFor()
    expect(await found.getAttribute('href')).toMatch(/^\/playground/)
    await own.close()
  })

  it('loads less than 200 kB before a program runs', async () => {
    const own = await blank()
    const weights: Promise<number>[] = []
    own.on('response', (response) => {
      weights.push(
        response
          .finished()
          .then(() => response.request().sizes())
          .then(({ responseBodySize }) => responseBodySize),
      )
    })
    await own.goto(urlOf('/playground'), { waitUntil: 'networkidle' })
    await own.getByRole('status').getByText('Run the program').waitFor()
    const weight = (await Promise.all(weights)).reduce((sum, each) => sum + each, 0)
    expect(weight).toBeGreaterThan(0)
    expect(weight).toBeLessThan(200_000)
    await own.getByRole('button', { name: 'Run' }).click()
    await own.locator('.lines').getByText('attic: 22.5 °C').waitFor()
    await own.close()
  })

  it('does not scroll sideways on a phone and on a tablet, and leads to its output', async () => {
    const own = await open('/playground#reconnect', { viewport: phone })
    await own.locator('svg.sequence').waitFor()
    for (const { width, height } of [{ width: 770, height: 1_024 }, { width: 960, height: 700 }, phone]) {
      await own.setViewportSize({ width, height })
      const overflow = await own.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      expect(overflow, `at ${width}`).toBeLessThanOrEqual(0)
    }
    await own.getByRole('button', { name: 'Show output' }).click()
    const top = await own
      .getByRole('heading', { name: 'Output' })
      .evaluate((heading) => heading.getBoundingClientRect().top)
    expect(top).toBeGreaterThan(0)
    expect(top).toBeLessThan(phone.height / 2)
    await own.close()
  })
})
