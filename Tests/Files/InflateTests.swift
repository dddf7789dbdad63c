import EmotionFormerCore
import Testing

@testable import EmotionFormerFiles

@Suite struct InflateTests {
    /// A block with codes of its own that holds the letter `a`; its only distance code has `distanceBits` bits.
    private static func block(distanceBits: Int) -> [UInt8] {
        var bits: [Int] = []
        func number(_ value: Int, _ count: Int) { for bit in 0..<count { bits.append(value >> bit & 1) } }
        func code(_ text: String) { for digit in text { bits.append(digit == "1" ? 1 : 0) } }
        number(1, 1)
        number(2, 2)
        // 257 lengths of literals, one of a distance, 18 of the code lengths' own code.
        number(0, 5)
        number(0, 5)
        number(14, 4)
        // Long runs of zeros, a length of 1, the distance's length.
        let lengths = distanceBits == 1 ? [18: 1, 1: 1] : [18: 1, 1: 2, distanceBits: 2]
        for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1] {
            number(lengths[symbol] ?? 0, 3)
        }
        let (zeros, one, distance) = distanceBits == 1 ? ("1", "0", "0") : ("0", "10", "11")
        for (run, extra) in [(97, 86), (138, 127), (20, 9)] {
            code(zeros)
            number(extra, 7)
            if run == 97 { code(one) }
        }
        code(one)
        code(distance)
        // `a`, and the block's end.
        code("01")
        return stride(from: 0, to: bits.count, by: 8).map { start in
            bits[start..<min(start + 8, bits.count)].enumerated().reduce(0) { $0 | UInt8($1.element) << $1.offset }
        }
    }

    @Test("A block's only distance code has one bit, as RFC 1951 says and zlib demands")
    func singleDistanceCode() throws {
        #expect(try Inflate.decode(Self.block(distanceBits: 1)[...], byteCount: 1) == Array("a".utf8))
        for bits in [2, 3, 5, 14] {
            let fault = #expect(throws: Fault.self) {
                try Fault.reading(.malformedClip, Inflate.decode(Self.block(distanceBits: bits)[...], byteCount: 1))
            }
            #expect(fault?.problem == "a block's code lengths make no prefix code")
        }
    }
}
