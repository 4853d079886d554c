import { acceptsMediaTypes, fromSchema, fromUtf8, toUtf8, typedCodecOptionRules } from '@antiphon/core/codec'
import { invalidArgument, type OptionRules, requireArgument } from '@antiphon/core/link'
import type { Codec, Hint, IoTsType, SchemaEncoding, StandardSchema, TypedCodecOptions } from '@antiphon/core'
import { requireElementDepth } from './xml-depth.js'
import { fromElement, parseRoot } from './xml-element.js'
import { isXmlText, toElement } from './xml-markup.js'

/** The options of an XML codec. */
export interface XmlOptions extends TypedCodecOptions {
  /** The name of the root element, prefix included. */
  readonly root: string
}

/**
 * Creates a codec for XML payloads from an io-ts type or another schema, as `json` does: `application/xml`; it also reads
 * `text/xml` and every `…+xml`. Needs `@rgrove/parse-xml`.
 *
 * An element without attributes and children decodes to a string. Any other element decodes to an object with attributes as
 * `@name`, children by name (an array for a repeated name) and text as `#text`. All XML values are strings: for io-ts,
 * `@antiphon/codecs/io-ts` has `xmlNumber` and `xmlBoolean`, which convert them; `xmlList` decodes arrays of any length, `xmlObject` an element that may be empty, `xmlText` a
 * string that may be absent. Names keep their prefix; comments and processing instructions are ignored.
 *
 * It rejects document type declarations, and so all entities except the predefined five, elements that mix text and
 * children, characters that XML 1.0 excludes, invalid names, and encodings other than UTF-8.
 *
 * @example
 * ```ts
 * const reading = xml(t.type({ '@unit': t.string, celsius: xmlNumber, tag: xmlList(t.string) }), { root: 'reading' })
 * // <reading unit="C"><celsius>22.5</celsius><tag>indoor</tag></reading>
 * ```
 */
export function xml<A, O>(type: IoTsType<A, O>, xmlOptions: XmlOptions): Codec<A>
export function xml<Input, A extends Input>(
  schema: StandardSchema<Input, A> | Hint<'for a schema that transforms values, pass the option encode'>,
  xmlOptions: XmlOptions,
): Codec<A, Input>
export function xml<Input, A, Sent = A>(
  schema: StandardSchema<Input, A>,
  xmlOptions: XmlOptions & SchemaEncoding<Sent, Input>,
): Codec<A, Sent>
export function xml(schema: object, xmlOptions: XmlOptions): Codec<unknown, never> {
  requireArgument('options', xmlOptions, xmlOptionRules)
  const { root, ...options } = xmlOptions
  if ((root as unknown) === undefined) throw invalidArgument('options.root is missing')
  // Throws for an invalid root name when the codec is created, not with the first message.
  toElement(root, '')
  return fromSchema(
    schema as StandardSchema,
    {
      contentType: 'application/xml',
      isText: true,
      accepts,
      parse: (payload, maximumDepth) => {
        // Normalizes line ends before parsing [XML 1.0, 2.11]: the parser needs minutes for a megabyte of CRLF.
        const document = fromUtf8(payload).replace(/\r\n?/g, '\n')
        // `maximumDepth` limits objects; the innermost element may be a string.
        requireElementDepth(document, maximumDepth + 1)
        return fromElement(parseRoot(document, root))
      },
      write: (data) => toUtf8(toElement(root, data)),
      carriesText: isXmlText,
    },
    options,
  )
}

const xmlOptionRules: OptionRules<XmlOptions & SchemaEncoding<never, unknown>> = {
  ...typedCodecOptionRules,
  root: 'string',
}

const accepts = acceptsMediaTypes({ types: ['application/xml', 'text/xml'], suffix: '+xml' })
