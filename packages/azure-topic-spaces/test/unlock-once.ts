import { firstValueFrom, lastValueFrom, of } from 'rxjs'
import { connectDevice, serveUnlock, unlock$, type DeviceOptions } from '../src/index.js'

/** Connects a phone and a car and unlocks the car; the same code for any broker. */
export async function unlockOnce(
  strings: { readonly car1: string; readonly mobile1: string },
  options: DeviceOptions,
): Promise<string> {
  const car = connectDevice(strings.car1, options)
  const mobile = connectDevice(strings.mobile1, options)
  try {
    const isSubscribed = firstValueFrom(car.subscription$('vehicles/unlock/req/car1/#'))
    serveUnlock(car, 'car1').subscribe()
    await isSubscribed
    const { result } = await lastValueFrom(of('car1').pipe(unlock$(mobile, 'mobile1', { timeout: 60_000 })))
    return result
  } finally {
    await Promise.all([car.close(), mobile.close()])
  }
}
