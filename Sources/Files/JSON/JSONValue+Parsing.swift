package import EmotionFormerCore

extension JSONValue {
    /// Reads a JSON text that will be stored in a package.
    /// - Throws: `malformedJSON` with line and column, `limitExceeded`.
    package init(parsing bytes: [UInt8]) throws(Fault) {
        // A quarter of the bytes and half of the depth that a manifest may have, into which the value goes.
        self = try JSONCursor(parsing: bytes, limits: JSONParser.Limits(byteCount: 4 << 20, depth: 32)).node.value
    }
}
