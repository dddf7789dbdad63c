/// The 64-bit xxHash with seed 0, of data that arrives in pieces.
///
/// Source: the xxHash fast digest algorithm's specification, version 0.1.1.
package struct XXH64: BlockHash {
    static let blockByteCount = 32

    private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
    private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
    private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
    private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

    private var lane1 = XXH64.prime1 &+ XXH64.prime2
    private var lane2 = XXH64.prime2
    private var lane3: UInt64 = 0
    private var lane4 = 0 &- XXH64.prime1
    var byteCount: UInt64 = 0
    var rest: [UInt8] = []

    package init() { rest.reserveCapacity(32) }

    /// The hash of `bytes`.
    package static func hash(_ bytes: [UInt8]) -> UInt64 {
        var hash = XXH64()
        bytes.withUnsafeBytes { hash.update($0) }
        return hash.value
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) { take(bytes) }

    /// - Parameter bytes: a multiple of 32.
    mutating func blocks(_ bytes: UnsafeRawBufferPointer) {
        guard var pointer = bytes.baseAddress else { return }
        let end = pointer + bytes.count
        var (a, b, c, d) = (lane1, lane2, lane3, lane4)
        while pointer < end {
            a = XXH64.round(a, XXH64.word(pointer))
            b = XXH64.round(b, XXH64.word(pointer + 8))
            c = XXH64.round(c, XXH64.word(pointer + 16))
            d = XXH64.round(d, XXH64.word(pointer + 24))
            pointer += 32
        }
        (lane1, lane2, lane3, lane4) = (a, b, c, d)
    }

    /// The hash of all bytes so far.
    package var value: UInt64 {
        var hash: UInt64
        if byteCount >= 32 {
            hash = lane1.rotated(1) &+ lane2.rotated(7) &+ lane3.rotated(12) &+ lane4.rotated(18)
            for lane in [lane1, lane2, lane3, lane4] {
                hash = (hash ^ XXH64.round(0, lane)) &* XXH64.prime1 &+ XXH64.prime4
            }
        } else {
            hash = XXH64.prime5
        }
        hash &+= byteCount
        rest.withUnsafeBytes { bytes in
            var index = 0
            while index + 8 <= bytes.count {
                let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                hash = (hash ^ XXH64.round(0, word)).rotated(27) &* XXH64.prime1 &+ XXH64.prime4
                index += 8
            }
            if index + 4 <= bytes.count {
                let word = UInt64(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self)))
                hash = (hash ^ (word &* XXH64.prime1)).rotated(23) &* XXH64.prime2 &+ XXH64.prime3
                index += 4
            }
            while index < bytes.count {
                hash = (hash ^ (UInt64(bytes[index]) &* XXH64.prime5)).rotated(11) &* XXH64.prime1
                index += 1
            }
        }
        hash = (hash ^ (hash &>> 33)) &* XXH64.prime2
        hash = (hash ^ (hash &>> 29)) &* XXH64.prime3
        return hash ^ (hash &>> 32)
    }

    /// Sixteen lower-case digits, the most significant first.
    package var hexadecimalValue: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    @inline(__always) private static func word(_ pointer: UnsafeRawPointer) -> UInt64 {
        UInt64(littleEndian: pointer.loadUnaligned(as: UInt64.self))
    }

    @inline(__always) private static func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
        (lane &+ word &* prime2).rotated(31) &* prime1
    }
}

extension UInt64 {
    @inline(__always) fileprivate func rotated(_ count: UInt64) -> UInt64 { self &<< count | self &>> (64 &- count) }
}
