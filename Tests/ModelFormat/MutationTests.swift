import EmotionFormerCore
import Foundation
import Testing

@testable import EmotionFormerModelFormat

/// Small, fast and seeded (Steele, Lea and Flood's SplitMix64).
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

@Suite struct MutationTests {
    /// What tends to break readers: limits of integers, other kinds of values, structure in the wrong place.
    private static let fragments = [
        "0", "-1", "1", "64", "9223372036854775807", "-9223372036854775808", "1e308", "null", "true", "\"\"", "[]",
        "{}",
        "[[]]", ",", ":", "}", "]", "\"", "\\u0000", "\\ud800", "4294967296", "2147483648", "\"constant\"", "\"while\"",
        "\"clip\"", "[null]", "\u{FF}",
    ].map { Array($0.utf8) }

    @Test("mutated manifests are read or refused in one line; none traps", arguments: 0..<4)
    func manifests(seed: Int) throws {
        var generator = SeededGenerator(state: UInt64(seed))
        var package = try HostilePackage()
        let original = Array(package.manifest.utf8)
        var refused = 0
        for _ in 0..<80 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...3, using: &generator) { Self.mutate(&bytes, &generator) }
            try package.replaceManifest(bytes)
            if let fault = Self.fault(package) {
                refused += 1
                #expect(!fault.description.contains("\n") && fault.description.hasPrefix(package.path))
            }
        }
        #expect(refused > 50)
    }

    @Test("tokens of the manifest exchanged for others are read or refused in one line; none traps", arguments: 0..<4)
    func tokens(seed: Int) throws {
        var generator = SeededGenerator(state: UInt64(seed) &+ 1000)
        var package = try HostilePackage()
        let tokens = Self.tokens(Array(package.manifest.utf8))
        for _ in 0..<80 {
            var changed = tokens
            let index = Int.random(in: 0..<changed.count, using: &generator)
            let isCopied = Bool.random(using: &generator)
            changed[index] =
                (isCopied ? tokens : Self.fragments).randomElement(using: &generator) ?? []
            try package.replaceManifest(Array(changed.joined()))
            if let fault = Self.fault(package) { #expect(!fault.description.contains("\n")) }
        }
    }

    @Test("mutated weights with checksums to match are read or refused; none traps")
    func weights() throws {
        var generator = SeededGenerator(state: 7)
        var package = try HostilePackage()
        let original = package.weights
        for _ in 0..<50 {
            var bytes = original
            for _ in 0..<3 {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            try package.replaceWeights(bytes, sealed: true)
            if let fault = Self.fault(package) { #expect(!fault.description.contains("\n")) }
        }
    }

    private static func fault(_ package: HostilePackage) -> Fault? {
        do {
            _ = try package.read()
            return nil
        } catch {
            return error as? Fault
        }
    }

    private static func mutate(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        let index = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: bytes[index] = .random(in: 0...255, using: &generator)
        case 1: bytes.remove(at: index)
        case 2: bytes.insert(contentsOf: fragments.randomElement(using: &generator) ?? [], at: index)
        case 3: bytes.removeSubrange(index..<min(index + .random(in: 1...60, using: &generator), bytes.count))
        default:
            let end = min(index + .random(in: 1...60, using: &generator), bytes.count)
            bytes.insert(contentsOf: Array(bytes[index..<end]), at: .random(in: 0..<bytes.count, using: &generator))
        }
    }

    /// Strings, numbers and words as wholes, everything else byte by byte.
    private static func tokens(_ bytes: [UInt8]) -> [[UInt8]] {
        var tokens: [[UInt8]] = []
        var isInString = false
        for byte in bytes {
            let isWord = byte > 0x2A && byte != UInt8(ascii: ",") && byte != UInt8(ascii: ":") && byte < 0x7B
            let continues = isInString || (isWord && (tokens.last?.last).map { $0 > 0x2C && $0 != 0x3A } ?? false)
            if continues { tokens[tokens.count - 1].append(byte) } else { tokens.append([byte]) }
            if byte == UInt8(ascii: "\"") { isInString.toggle() }
        }
        return tokens
    }
}
