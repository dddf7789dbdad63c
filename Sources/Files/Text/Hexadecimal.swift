/// Hexadecimal digits in texts.
enum Hexadecimal {
    /// Two lower-case digits.
    static func text(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }

    /// The number that exactly `count` hexadecimal digits spell, at most eight; nil for fewer, and for anything else,
    /// such as a sign.
    static func number(_ bytes: ArraySlice<UInt8>, digits count: Int) -> UInt32? {
        guard bytes.count == count, bytes.first != UInt8(ascii: "+"), bytes.first != UInt8(ascii: "-") else {
            return nil
        }
        return UInt32(String(decoding: bytes, as: UTF8.self), radix: 16)
    }
}
