/// SHA-256 of data that arrives in pieces.
///
/// Source: FIPS 180-4, sections 4.1.2, 4.2.2, 5.1.1, 5.3.3 and 6.2.
package struct SHA256: BlockHash {
    static let blockByteCount = 64

    private var state: SIMD8<UInt32> = [
        0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19,
    ]
    var byteCount: UInt64 = 0
    var rest: [UInt8] = []

    package init() { rest.reserveCapacity(64) }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) { take(bytes) }

    /// The digest of all bytes so far: 64 lower-case digits.
    package var hexadecimalValue: String {
        var copy = self
        var padding: [UInt8] = [0x80]
        padding += [UInt8](repeating: 0, count: (119 - rest.count) % 64)
        let bitCount = byteCount &* 8
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            padding.append(UInt8(truncatingIfNeeded: bitCount &>> shift))
        }
        padding.withUnsafeBytes { copy.update($0) }
        var digits = ""
        for index in 0..<8 {
            for shift in stride(from: UInt32(24), through: 0, by: -8) {
                digits += Hexadecimal.text(UInt8(truncatingIfNeeded: copy.state[index] &>> shift))
            }
        }
        return digits
    }

    /// - Parameter bytes: a multiple of 64.
    mutating func blocks(_ bytes: UnsafeRawBufferPointer) {
        guard var pointer = bytes.baseAddress else { return }
        let end = pointer + bytes.count
        var state = state
        SHA256.constants.withUnsafeBufferPointer { constants in
            withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 16) { words in
                guard let constants = constants.baseAddress, let words = words.baseAddress else { return }
                while pointer < end {
                    state = SHA256.compressed(state, pointer, words, constants)
                    pointer += 64
                }
            }
        }
        self.state = state
    }

    @inline(__always)
    private static func compressed(
        _ state: SIMD8<UInt32>, _ block: UnsafeRawPointer, _ words: UnsafeMutablePointer<UInt32>,
        _ constants: UnsafePointer<UInt32>
    ) -> SIMD8<UInt32> {
        var (a, b, c, d) = (state[0], state[1], state[2], state[3])
        var (e, f, g, h) = (state[4], state[5], state[6], state[7])
        for index in 0..<16 {
            words[index] = UInt32(bigEndian: block.loadUnaligned(fromByteOffset: index &* 4, as: UInt32.self))
        }
        var round = 0
        while true {
            var index = 0
            while index < 16 {
                // Eight rounds in which variables change their roles instead of being moved.
                let word = words + index
                let constant = constants + (round &+ index)
                step(a, b, c, &d, e, f, g, &h, word[0], constant[0])
                step(h, a, b, &c, d, e, f, &g, word[1], constant[1])
                step(g, h, a, &b, c, d, e, &f, word[2], constant[2])
                step(f, g, h, &a, b, c, d, &e, word[3], constant[3])
                step(e, f, g, &h, a, b, c, &d, word[4], constant[4])
                step(d, e, f, &g, h, a, b, &c, word[5], constant[5])
                step(c, d, e, &f, g, h, a, &b, word[6], constant[6])
                step(b, c, d, &e, f, g, h, &a, word[7], constant[7])
                index &+= 8
            }
            round &+= 16
            if round == 64 { break }
            advance(words)
        }
        return state &+ SIMD8(a, b, c, d, e, f, g, h)
    }

    /// The next sixteen words of the message schedule, overwriting the last sixteen.
    @inline(__always)
    private static func advance(_ words: UnsafeMutablePointer<UInt32>) {
        for index in 0..<16 {
            let early = words[(index &+ 1) & 15]
            let late = words[(index &+ 14) & 15]
            let sigma0 = early.rotated(7) ^ early.rotated(18) ^ (early &>> 3)
            let sigma1 = late.rotated(17) ^ late.rotated(19) ^ (late &>> 10)
            words[index] = words[index] &+ sigma0 &+ words[(index &+ 9) & 15] &+ sigma1
        }
    }

    @inline(__always)
    private static func step(
        _ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: inout UInt32, _ e: UInt32, _ f: UInt32, _ g: UInt32,
        _ h: inout UInt32, _ word: UInt32, _ constant: UInt32
    ) {
        let sum1 = e.rotated(6) ^ e.rotated(11) ^ e.rotated(25)
        let choice = g ^ (e & (f ^ g))
        let first = h &+ sum1 &+ choice &+ constant &+ word
        let sum0 = a.rotated(2) ^ a.rotated(13) ^ a.rotated(22)
        let majority = (a & b) | (c & (a | b))
        d = d &+ first
        h = first &+ sum0 &+ majority
    }

    private static let constants: [UInt32] = [
        0x428A_2F98, 0x7137_4491, 0xB5C0_FBCF, 0xE9B5_DBA5, 0x3956_C25B, 0x59F1_11F1, 0x923F_82A4, 0xAB1C_5ED5,
        0xD807_AA98, 0x1283_5B01, 0x2431_85BE, 0x550C_7DC3, 0x72BE_5D74, 0x80DE_B1FE, 0x9BDC_06A7, 0xC19B_F174,
        0xE49B_69C1, 0xEFBE_4786, 0x0FC1_9DC6, 0x240C_A1CC, 0x2DE9_2C6F, 0x4A74_84AA, 0x5CB0_A9DC, 0x76F9_88DA,
        0x983E_5152, 0xA831_C66D, 0xB003_27C8, 0xBF59_7FC7, 0xC6E0_0BF3, 0xD5A7_9147, 0x06CA_6351, 0x1429_2967,
        0x27B7_0A85, 0x2E1B_2138, 0x4D2C_6DFC, 0x5338_0D13, 0x650A_7354, 0x766A_0ABB, 0x81C2_C92E, 0x9272_2C85,
        0xA2BF_E8A1, 0xA81A_664B, 0xC24B_8B70, 0xC76C_51A3, 0xD192_E819, 0xD699_0624, 0xF40E_3585, 0x106A_A070,
        0x19A4_C116, 0x1E37_6C08, 0x2748_774C, 0x34B0_BCB5, 0x391C_0CB3, 0x4ED8_AA4A, 0x5B9C_CA4F, 0x682E_6FF3,
        0x748F_82EE, 0x78A5_636F, 0x84C8_7814, 0x8CC7_0208, 0x90BE_FFFA, 0xA450_6CEB, 0xBEF9_A3F7, 0xC671_78F2,
    ]
}

extension UInt32 {
    @inline(__always) fileprivate func rotated(_ count: UInt32) -> UInt32 { self &>> count | self &<< (32 &- count) }
}
