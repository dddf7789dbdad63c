/// Three numbers in one word: red in bits 0 ... 20, green in 21 ... 41, blue from 42 on. A multiplication of the word
/// multiplies all three.
enum PixelWord {
    static let ones: UInt64 = 1 | 1 << 21 | 1 << 42

    @inline(__always)
    static func fields(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt64 {
        UInt64(red) | UInt64(green) &<< 21 | UInt64(blue) &<< 42
    }
}

/// How a pixel's bytes become a word of three numbers.
protocol PixelFields {
    static var byteCount: Int { get }
    /// May read four bytes.
    static func fields(_ pixel: UnsafePointer<UInt8>) -> UInt64
    /// Reads no more than the pixel.
    static func exactFields(_ pixel: UnsafePointer<UInt8>) -> UInt64
}

extension PixelFields {
    @inline(__always)
    static func word(_ pixel: UnsafePointer<UInt8>) -> UInt64 {
        UInt64(UInt32(littleEndian: UnsafeRawPointer(pixel).loadUnaligned(as: UInt32.self)))
    }
}

enum RGBPixel: PixelFields {
    static var byteCount: Int { 3 }

    @inline(__always)
    static func fields(_ pixel: UnsafePointer<UInt8>) -> UInt64 {
        let word = word(pixel)
        return word & 0xFF | (word & 0xFF00) &<< 13 | (word & 0xFF_0000) &<< 26
    }

    static func exactFields(_ pixel: UnsafePointer<UInt8>) -> UInt64 {
        PixelWord.fields(pixel[0], pixel[1], pixel[2])
    }
}

enum RGBAPixel: PixelFields {
    static var byteCount: Int { 4 }

    @inline(__always)
    static func fields(_ pixel: UnsafePointer<UInt8>) -> UInt64 { RGBPixel.fields(pixel) }

    static func exactFields(_ pixel: UnsafePointer<UInt8>) -> UInt64 { RGBPixel.exactFields(pixel) }
}

enum BGRAPixel: PixelFields {
    static var byteCount: Int { 4 }

    @inline(__always)
    static func fields(_ pixel: UnsafePointer<UInt8>) -> UInt64 {
        let word = word(pixel)
        return word &>> 16 & 0xFF | (word & 0xFF00) &<< 13 | (word & 0xFF) &<< 42
    }

    static func exactFields(_ pixel: UnsafePointer<UInt8>) -> UInt64 {
        PixelWord.fields(pixel[2], pixel[1], pixel[0])
    }
}

enum GrayPixel: PixelFields {
    static var byteCount: Int { 1 }

    @inline(__always)
    static func fields(_ pixel: UnsafePointer<UInt8>) -> UInt64 { UInt64(pixel[0]) &* PixelWord.ones }

    static func exactFields(_ pixel: UnsafePointer<UInt8>) -> UInt64 { UInt64(pixel[0]) &* PixelWord.ones }
}
