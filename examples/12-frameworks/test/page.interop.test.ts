import { describeForeign, foreignCommand } from '@antiphon/workshop'
import { chromium, type Browser, type Page } from 'playwright-core'
import { BehaviorSubject, filter, firstValueFrom } from 'rxjs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { frameworks } from '../serve-pages.js'
import { startServer, type Server } from '../server.js'

describeForeign(['chromium'], 'pages of React, Vue and Angular in headless Chromium', () => {
  let server: Server
  let browser: Browser
  /** The number of requests for Reykjavik in the responder, which never responds to them. */
  const inHand = new BehaviorSubject(0)

  beforeAll(async () => {
    server = await startServer(0)
    server.log$.subscribe((line) => {
      if (line === 'Reykjavik: started') inHand.next(inHand.value + 1)
      if (line === 'Reykjavik: cancelled') inHand.next(inHand.value - 1)
    })
    browser = await chromium.launch({
      executablePath: foreignCommand('chromium') ?? '',
      args: ['--headless', '--no-sandbox', '--disable-gpu'],
    })
  })

  afterAll(async () => {
    await browser.close()
    await server.close()
  })

  describe.each(frameworks)('%s', (name) => {
    let page: Page
    const errors: string[] = []
    const select = (city: string) => page.getByLabel('City').selectOption(city)
    const shows = (text: string) => page.getByText(text, { exact: true }).waitFor()
    const areInHand = (count: number) => firstValueFrom(inHand.pipe(filter((each) => each === count)))

    beforeEach(async () => {
      page = await browser.newPage()
      errors.length = 0
      page.on('pageerror', (error) => errors.push(String(error)))
      await page.goto(`${server.url}${name}/`)
      await shows('Link: online')
    })

    afterEach(async () => {
      await page.close()
    })

    it('shows the response, and that of the next city', async () => {
      await select('Vienna')
      await shows('22.5 °C')
      await select('Berlin')
      await shows('18.3 °C')
      expect(errors).toEqual([])
    })

    it('cancels the request at the responder when the component is unmounted', async () => {
      await select('Reykjavik')
      await shows('waiting')
      await areInHand(1)
      await select('none')
      await areInHand(0)
      expect(await page.locator('output').count()).toBe(0)
      // A request that the page had sent before this one would have been started by now: React mounts twice in strict mode.
      await select('Vienna')
      await shows('22.5 °C')
      expect(inHand.value).toBe(0)
      expect(errors).toEqual([])
    })

    it('shows that the link is offline and sends the request after reconnecting', async () => {
      await server.setListening(false)
      await shows('Link: offline, reconnecting by itself')
      await select('Vienna')
      await shows('waiting')
      await server.setListening(true)
      await shows('22.5 °C')
      await shows('Link: online')
      expect(errors).toEqual([])
    })
  })
})
