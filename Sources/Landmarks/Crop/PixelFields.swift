/// Two pixels side by side in one word: in each half red, green and blue from the lowest byte on, and a byte of anything.
enum PixelPair {
    /// The bytes as numbers.
    @inline(__always)
    static func numbers(_ pair: UInt64) -> SIMD8<UInt16> {
        SIMD8(truncatingIfNeeded: unsafeBitCast(pair.littleEndian, to: SIMD8<UInt8>.self))
    }
}

/// How a picture's bytes become red, green and blue.
protocol PixelFields {
    static var byteCount: Int { get }
    /// A pixel and the one after it. May read eight bytes, or the pixel after these two.
    static func pair(_ pixel: UnsafePointer<UInt8>) -> UInt64
    /// Red, green and blue from the lowest byte on. Reads no more than the pixel.
    static func exactFields(_ pixel: UnsafePointer<UInt8>) -> UInt32
}

extension PixelFields {
    @inline(__always)
    static func word(_ pixel: UnsafePointer<UInt8>) -> UInt64 {
        UInt64(littleEndian: UnsafeRawPointer(pixel).loadUnaligned(as: UInt64.self))
    }

    @inline(__always)
    static func fields(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt32 {
        UInt32(red) | UInt32(green) &<< 8 | UInt32(blue) &<< 16
    }
}

enum RGBPixel: PixelFields {
    static var byteCount: Int { 3 }

    @inline(__always)
    static func pair(_ pixel: UnsafePointer<UInt8>) -> UInt64 {
        let word = word(pixel)
        return word & 0xFFFF_FFFF | (word &>> 24) &<< 32
    }

    static func exactFields(_ pixel: UnsafePointer<UInt8>) -> UInt32 { fields(pixel[0], pixel[1], pixel[2]) }
}

enum RGBAPixel: PixelFields {
    static var byteCount: Int { 4 }

    @inline(__always)
    static func pair(_ pixel: UnsafePointer<UInt8>) -> UInt64 { word(pixel) }

    static func exactFields(_ pixel: UnsafePointer<UInt8>) -> UInt32 { RGBPixel.exactFields(pixel) }
}

enum BGRAPixel: PixelFields {
    static var byteCount: Int { 4 }

    @inline(__always)
    static func pair(_ pixel: UnsafePointer<UInt8>) -> UInt64 {
        // Backwards, the second pixel comes first, and its last byte.
        let word = word(pixel).byteSwapped
        return word &>> 40 | (word &>> 8) &<< 32
    }

    static func exactFields(_ pixel: UnsafePointer<UInt8>) -> UInt32 { fields(pixel[2], pixel[1], pixel[0]) }
}

enum GrayPixel: PixelFields {
    static var byteCount: Int { 1 }

    @inline(__always)
    static func pair(_ pixel: UnsafePointer<UInt8>) -> UInt64 {
        (UInt64(pixel[0]) | UInt64(pixel[1]) &<< 32) &* 0x01_0101
    }

    static func exactFields(_ pixel: UnsafePointer<UInt8>) -> UInt32 { UInt32(pixel[0]) &* 0x01_0101 }
}
