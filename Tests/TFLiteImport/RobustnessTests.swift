import EmotionFormerCore
import EmotionFormerFixtures
import EmotionFormerTFLiteImport
import Testing

/// Damaged files: the import either succeeds or throws. Whatever else happened would end the test run.
@Suite struct RobustnessTests {
    private static let names = Fixture.names.filter { ((try? Fixture.bytes($0)) ?? []).count < 60_000 }

    private func imports(_ bytes: [UInt8]) -> Bool {
        do throws(Fault) {
            _ = try TFLiteImporter.read(bytes, name: "damaged", keepsStates: true)
            return true
        } catch {
            #expect(!error.problem.isEmpty && error.place.hasPrefix("damaged"))
            return false
        }
    }

    @Test("every file cut short is refused, wherever it is cut", arguments: names)
    func truncation(_ name: String) throws {
        let bytes = try Fixture.bytes(name)
        #expect(imports(bytes))
        let step = max(1, bytes.count / 150)
        for length in stride(from: 0, to: bytes.count, by: step) {
            // Only padding may be missing: what stands in the last bytes of these files is read.
            if imports(Array(bytes.prefix(length))) { #expect(bytes.count - length < 16, "\(length)") }
        }
    }

    @Test("thousands of files with flipped bytes import or are refused", arguments: names)
    func flippedBytes(_ name: String) throws {
        let bytes = try Fixture.bytes(name)
        var random = SeededGenerator(seed: UInt64(bytes.count))
        var refused = 0
        let rounds = bytes.count < 12_000 ? 200 : 40
        for _ in 0..<rounds {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let position = Int.random(in: 0..<bytes.count, using: &random)
                // Small changes of indices and offsets go further than noise does.
                damaged[position] =
                    Bool.random(using: &random)
                    ? UInt8.random(in: 0...255, using: &random)
                    : damaged[position] &+ (Bool.random(using: &random) ? 1 : 255)
            }
            if !imports(damaged) { refused += 1 }
        }
        #expect(refused > 0)
    }
}

/// SplitMix64: the same numbers on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
