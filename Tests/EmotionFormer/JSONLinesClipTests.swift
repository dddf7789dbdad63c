import EmotionFormer
import EmotionFormerCore
import Testing

@Suite("Clips from JSON lines")
struct JSONLinesClipTests {
    @Test("A line of numbers is a frame")
    func features() throws {
        let clip = try LandmarkClip(path: ClipFixtures.path("features.jsonl"))
        #expect(clip.frameCount == 3)
        #expect(clip.values == ClipFixtures.values(0..<12))
    }

    @Test("Landmarks as objects' fields, frames gathered by clip")
    func landmarks() throws {
        let clips = try ClipFixtures.clips("landmarks.jsonl")
        #expect(clips.map(\.name) == ["a"])
        #expect(clips.first?.landmarkCount == 4)
        #expect(clips.first?.values == ClipFixtures.values(0..<24))
    }

    @Test("A line can be a whole clip")
    func wholeClips() throws {
        let clips = try ClipFixtures.clips("clips.jsonl")
        #expect(clips.map(\.name) == ["a", "b"])
        #expect(clips.map(\.values) == [ClipFixtures.values(0..<12), ClipFixtures.values(12..<24)])
        let nested = try ClipFixtures.clips(.jsonl, "[[[1,2,3],[4,5,6]],[[7,8,9],[1,2,3]],null]")
        #expect(nested.first?.landmarkCount == 2)
        #expect(nested.first?.frameCount == 3)
        #expect(nested.first?.missingFrames == [2])
        #expect(try ClipFixtures.clips(.jsonl, "{\"features\":[[1,2,3],[4,5,6]]}").first?.landmarkCount == nil)
    }

    @Test("Named coordinates, null and empty lists for frames without a face, frame numbers, emotion")
    func objects() throws {
        let text = """
            {"clip":"a","frame":2,"landmarks":[{"x":1,"y":2,"z":3,"visibility":0}],"emotion":"Sad"}

            {"clip":"a","frame":0,"landmarks":null}
            {"clip":"a","frame":1,"landmarks":[]}\r
            {"clip":"\\u0062\\ud83d\\ude00","features":[1e0,-2.5]}
            """
        let clips = try ClipFixtures.clips(.jsonl, text)
        #expect(clips.map(\.name) == ["a", "b😀"])
        #expect(clips.first?.missingFrames == [0, 1])
        #expect(clips.first?.values.suffix(3) == [1, 2, 3])
        #expect(clips.map(\.emotion) == ["Sad", nil])
        #expect(clips.last?.values == [1, -2.5])
    }

    @Test(
        "Broken lines are refused with line and column",
        arguments: [
            ("[1,2\n", Fault.Code.malformedClip, "line 1"), ("[1,2]\n[1,2]x\n", .malformedClip, "line 2, column 6"),
            ("[1,02]\n", .malformedClip, "line 1, column 4"), ("[1,\"a\"]\n", .malformedClip, "line 1"),
            ("[1,2,]\n", .malformedClip, "line 1"), ("{\"features\":[1],\"features\":[1]}", .malformedClip, "line 1"),
            ("{\"features\":[1],\"landmarks\":[]}", .malformedClip, "line 1"), ("{}", .malformedClip, "line 1"),
            ("{\"features\":[1],\"color\":1}", .unknownField, "line 1"), ("true", .malformedClip, "line 1"),
            ("[[[[[[[[[[[[1]]]]]]]]]]]]", .malformedClip, "line 1"), ("\"\\ud800\"", .malformedClip, "line 1"),
            ("{\"landmarks\":[1,2]}", .malformedClip, "line 1"), ("[1,2]\n[1,2,3]", .featureCountMismatch, "line 2"),
            ("[[1,2,3]]\n[1,2,3]", .layoutMismatch, "line 2"),
            ("{\"landmarks\":[{\"x\":1}]}", .malformedClip, "line 1"),
            ("[1,1e60]", .notFinite, "frame 0, feature 1"), ("[NaN,1e60]", .notFinite, "frame 0, feature 1"),
            ("", .emptyClip, ""), ("null\nnull", .emptyClip, ""), ("[+1]", .malformedClip, "line 1, column 2"),
            ("{\"frame\":1,\"features\":[1]}\n{\"features\":[1]}", .malformedClip, "line 2"),
            ("{\"frame\":1,\"features\":[1]}\n{\"frame\":1,\"features\":[1]}", .duplicateName, ""),
        ])
    func broken(text: String, code: Fault.Code, place: String) throws {
        let fault = try #require(ClipFixtures.fault(.jsonl, text))
        #expect(fault.code == code, "\(fault)")
        #expect(fault.place.hasPrefix(place.isEmpty ? "clip" : "clip: \(place)"), "\(fault)")
    }

    @Test("Values nest eight deep and no deeper, and a surrogate pair has two halves")
    func limits() {
        func problem(_ text: String) -> String? { ClipFixtures.fault(.jsonl, text)?.problem }
        // A bracket a level, and the number inside.
        let deepest = String(repeating: "[", count: 7) + "1" + String(repeating: "]", count: 7)
        #expect(problem(deepest) == "the arrays are nested too deeply for a clip")
        #expect(problem("[\(deepest)]") == "the value is nested too deeply")
        #expect(problem("{\"clip\":\"\\ud83d\\ude00\",\"features\":[1]}") == nil)
        for second in ["e000", "ffff", "dbff", "0041"] {
            #expect(problem("{\"clip\":\"\\ud83d\\u\(second)\"}") == "the first half of a surrogate pair stands alone")
        }
        // A sign is not a digit.
        for escape in ["-000", "+123"] {
            #expect(problem("{\"clip\":\"\\u\(escape)\",\"features\":[1]}") == "an escape \\u is incomplete")
        }
    }

    @Test("Very deep nesting is an error, not a stack overflow")
    func depth() {
        #expect(ClipFixtures.fault(.jsonl, String(repeating: "[", count: 1_000_000))?.code == .malformedClip)
    }
}
