import EmotionFormer
import EmotionFormerCore
import Testing

@Suite("Clips in memory, and files that are not clips")
struct LandmarkClipTests {
    @Test("Landmarks are laid out x, y, z; an empty frame is one without a face")
    func fromLandmarks() throws {
        let clip = try LandmarkClip([[SIMD3(1, 2, 3), SIMD3(4, 5, 6)], []])
        #expect(clip.landmarkCount == 2)
        #expect(clip.frameCount == 2)
        #expect(clip.values.prefix(6) == [1, 2, 3, 4, 5, 6])
        #expect(clip.missingFrames == [1])
    }

    @Test("Frames that differ in size, empty clips and values that are not finite are refused")
    func invalid() {
        #expect(
            code { try LandmarkClip([[SIMD3(1, 2, 3)], [SIMD3(1, 2, 3), SIMD3(1, 2, 3)]]) } == .featureCountMismatch)
        #expect(code { try LandmarkClip([]) } == .emptyClip)
        #expect(code { try LandmarkClip([[], []]) } == .emptyClip)
        #expect(code { try LandmarkClip([[SIMD3(1, .infinity, 3)]]) } == .notFinite)
        #expect(code { try LandmarkClip(features: [], frameCount: 0, featureCount: 4) } == .emptyClip)
        #expect(code { try LandmarkClip(features: [1], frameCount: 2, featureCount: 4) } == .invalidArgument)
        #expect(code { try LandmarkClip(features: [1], frameCount: -1, featureCount: -1) } == .invalidArgument)
        #expect(code { try LandmarkClip(features: [], frameCount: .max, featureCount: .max) } == .invalidArgument)
        #expect(code { try LandmarkClip(features: [.nan, -.infinity], frameCount: 1, featureCount: 2) } == .notFinite)
    }

    @Test("A file that is missing, is a folder, holds several clips or has an unknown name is an error in one line")
    func files() throws {
        #expect(code { try LandmarkClip(path: "/nonexistent/clip.npy") } == .missingFile)
        #expect(code { try LandmarkClip(path: "/nonexistent/clip") } == .missingFile)
        #expect(code { try LandmarkClip(path: "clip\0.npy") } == .invalidArgument)
        // A folder is read as the frames of a clip, which have numbers for names; and only arrays are frames.
        #expect(code { try ClipFile(path: ClipFixtures.path(""), format: .npy) } == .malformedClip)
        #expect(code { try ClipFile(path: ClipFixtures.path(""), format: .csv) } == .unreadableFile)
        #expect(code { try LandmarkClip(path: ClipFixtures.path("make_clips.py")) } == .invalidArgument)
        #expect(code { try LandmarkClip(path: ClipFixtures.path("batch.npy")) } == .malformedClip)
        // A format of data sets that is not read comes with the way out.
        let error = #expect(throws: EmotionFormerError.self) {
            try LandmarkClip(path: ClipFixtures.path("labels/text.joblib"))
        }
        #expect(error?.found == "a pickle" && error?.expected?.contains("numpy.save") == true)
    }

    @Test(
        "Windows lie a hop apart, and the last one ends with the clip",
        arguments: [
            (10, 4, 3, [0, 3, 6]), (11, 4, 3, [0, 3, 6, 7]), (12, 4, 3, [0, 3, 6, 8]), (4, 4, 3, [0]), (3, 4, 3, [0]),
            (5, 4, 9, [0, 1]),
        ])
    func windows(frames: Int, size: Int, hop: Int, starts: [Int]) throws {
        let clip = try LandmarkClip(
            features: [Float](repeating: 1, count: frames), frameCount: frames, featureCount: 1)
        let windows = clip.windows(size, hop: hop)
        #expect(windows.map(\.lowerBound) == starts)
        #expect(windows.allSatisfy { $0.count == min(size, frames) })
        #expect(windows.last?.upperBound == frames)
    }

    @Test("An error carries the parts of its fault, and is one line")
    func error() {
        let fault = Fault(.notFinite, at: "a\nb", "the value is bad", found: "1", expected: "2")
        let error = EmotionFormerError(fault)
        #expect(error.code == .notFinite)
        #expect(error.place == "a\nb")
        #expect(error.description == "a\\nb: the value is bad (found 1, expected 2)")
    }

    private func code<Value>(_ body: () throws -> Value) -> EmotionFormerError.Code? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? EmotionFormerError)?.code
        }
    }
}
