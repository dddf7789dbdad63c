import EmotionFormer
import EmotionFormerCore
import Testing

@Suite("Damaged clip files")
struct ClipMutationTests {
    /// A generator that gives the same numbers in every run (Marsaglia's xorshift64).
    private struct Generator: RandomNumberGenerator {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15

        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }

    @Test(
        "Changed, inserted, removed and repeated bytes give clips or one-line errors, never a trap",
        arguments: [
            "fortran-batch.npy", "landmarks.npy", "version-2.npy", "deflated.npz", "stored.npz", "dataset.csv",
            "plain.csv", "features.jsonl", "landmarks.jsonl", "clips.jsonl",
        ])
    func mutations(name: String) throws {
        let format = try #require(ClipFormat(rawValue: String(name.split(separator: ".")[1])))
        let whole = try ClipFixtures.bytes(inFile: name)
        var generator = Generator()
        for _ in 0..<200 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...3, using: &generator) where !bytes.isEmpty {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<5, using: &generator) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: index)
                case 2: bytes.remove(at: index)
                case 3: bytes.insert(contentsOf: bytes[index...].prefix(40), at: index)
                default: bytes.removeSubrange(index..<min(index + 40, bytes.count))
                }
            }
            do throws(Fault) {
                for clip in try format.clips(bytes, fileName: "clip") {
                    #expect(clip.values.count == clip.frameCount * clip.featureCount)
                    #expect(!clip.values.isEmpty)
                }
            } catch {
                let lines = error.description.split(omittingEmptySubsequences: false) { $0.isNewline }
                #expect(lines.count == 1)
                #expect(error.description.utf8.count < 1000)
            }
        }
    }
}
