import { invalidArgument, quoted } from '@antiphon/core/link'

/** Returns the root of the IoT API in a region, such as `eu-frankfurt-1`. Throws `invalid-argument` for another text. */
export function cloudUrl(region: string): string {
  if (/^[a-z]+(-[a-z]+)+-\d+$/.test(region)) return `https://iot.${region}.oci.oraclecloud.com`
  throw invalidArgument(`region is ${quoted(region)}: it must be a region identifier, such as eu-frankfurt-1`)
}
