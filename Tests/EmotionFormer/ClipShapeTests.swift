import EmotionFormer
import EmotionFormerCore
import Testing

@Suite("Arrays in a model's own shape")
struct ClipShapeTests {
    /// The values i / 8 − 1 in an array of this shape.
    private static func npy(_ extents: [Int]) -> [UInt8] {
        let text = "(" + extents.map { "\($0)," }.joined(separator: " ") + ")"
        return ClipFixtures.npy(
            shape: text, payload: ClipFixtures.bytes(of: ClipFixtures.values(0..<extents.reduce(1, *))))
    }

    private static func shape(
        _ features: Int, _ frameShape: [Int]? = nil, _ layout: ModelInput.Layout = .raw, isVector: Bool = false
    ) -> ClipShape {
        ClipShape(
            ModelInput(frames: 100, features: features, frameShape: frameShape, layout: layout), isVector: isVector)
    }

    private static func clips(
        _ format: ClipFormat, _ bytes: [UInt8], _ shape: ClipShape?
    ) -> Result<[LandmarkClip], Fault> {
        Result { () throws(Fault) in try format.clips(bytes, fileName: "clip", shape: shape) }
    }

    private static func fault(_ format: ClipFormat, _ bytes: [UInt8], _ shape: ClipShape?) -> Fault? {
        if case .failure(let fault) = clips(format, bytes, shape) { fault } else { nil }
    }

    @Test(
        "What fits the model's own shape is clips of it, whatever the last axis",
        arguments: [
            // Features of a frame, its shape, the array, clips, frames, landmarks.
            (42, [21, 2], [5, 21, 2], 1, 5, nil), (42, [21, 2], [3, 5, 21, 2], 3, 5, nil),
            (42, [21, 2], [5, 42], 1, 5, nil), (42, [21, 2], [3, 5, 42], 3, 5, nil),
            (132, [33, 4], [5, 33, 4], 1, 5, nil), (63, [21, 3], [5, 21, 3], 1, 5, 21),
            (126, [2, 21, 3], [5, 2, 21, 3], 1, 5, nil), (126, [2, 21, 3], [4, 5, 2, 21, 3], 4, 5, nil),
            // A shape of its own comes before clips of single frames.
            (3, [1, 3], [5, 1, 3], 1, 5, 1),
            // Packages that know the number of features alone.
            (42, nil, [5, 21, 2], 1, 5, nil), (42, nil, [3, 5, 21, 2], 3, 5, nil), (132, nil, [5, 33, 4], 1, 5, nil),
            (63, nil, [5, 21, 3], 1, 5, 21), (63, nil, [2, 5, 21, 3], 2, 5, 21), (6, nil, [5, 6, 1], 1, 5, nil),
            // Frames and clips that without a model are landmarks.
            (3, nil, [4, 5, 3], 4, 5, nil), (6, nil, [5, 1, 6], 5, 1, nil),
        ] as [(Int, [Int]?, [Int], Int, Int, Int?)])
    func arrays(
        features: Int, frameShape: [Int]?, extents: [Int], clipCount: Int, frameCount: Int, landmarkCount: Int?
    ) throws {
        let clips = try Self.clips(.npy, Self.npy(extents), Self.shape(features, frameShape)).get()
        #expect(clips.count == clipCount)
        #expect(clips.allSatisfy { $0.frameCount == frameCount && $0.featureCount == features })
        #expect(clips.allSatisfy { $0.landmarkCount == landmarkCount })
        #expect(clips.flatMap(\.values) == ClipFixtures.values(0..<extents.reduce(1, *)))
    }

    @Test("Landmarks are features as the layout says, and other axes than x, y, z have no place in it")
    func layouts() throws {
        #expect(try Self.clips(.npy, Self.npy([5, 7, 3]), Self.shape(7, nil, .x)).get().first?.landmarkCount == 7)
        #expect(try Self.clips(.npy, Self.npy([2, 5, 7, 3]), Self.shape(7, nil, .z)).get().count == 2)
        let planar = try Self.clips(.npy, Self.npy([5, 7, 3]), Self.shape(21, nil, .xyzPlanar)).get()
        #expect(planar.map(\.landmarkCount) == [7])
        // The model's own array of planes is what it is.
        let own = try Self.clips(.npy, Self.npy([5, 3, 7]), Self.shape(21, [3, 7], .xyzPlanar)).get()
        #expect(own.map(\.landmarkCount) == [nil] && own.first?.featureCount == 21)
        for layout in [ModelInput.Layout.raw, .xyzInterleaved, .xyzPlanar] {
            #expect(Self.fault(.npy, Self.npy([5, 3, 7]), Self.shape(21, nil, layout))?.code == .featureCountMismatch)
        }
    }

    @Test("An array that can be read in two ways is refused, and both are named")
    func ambiguity() throws {
        let fault = try #require(Self.fault(.npy, Self.npy([5, 1, 3]), Self.shape(3)))
        #expect(fault.code == .malformedClip)
        #expect(fault.found == "a clip of 5 frames × 1 × 3, or 5 clips of 1 frames × 3")
        #expect(Self.fault(.npy, Self.npy([4, 3, 3]), Self.shape(3, nil, .x))?.code == .malformedClip)
        // All readings of a single frame are the same.
        #expect(try Self.clips(.npy, Self.npy([1, 1, 3]), Self.shape(3)).get().map(\.frameCount) == [1])
    }

    @Test(
        "An array of which nothing is a frame of the model is refused by its shape",
        arguments: [
            (42, [21, 2], [5, 20, 2], "(5, 20, 2)", "(frames, 21, 2) or (clips, frames, 21, 2)"),
            (42, nil, [5, 2, 21], "(5, 2, 21)", "(frames, 42) or (clips, frames, 42)"),
            (42, [21, 2], [42], "(42)", "(frames, 21, 2) or (clips, frames, 21, 2)"),
            (42, [21, 2], [2, 2, 2, 21, 2], "(2, 2, 2, 21, 2)", "(frames, 21, 2) or (clips, frames, 21, 2)"),
        ] as [(Int, [Int]?, [Int], String, String)])
    func mismatches(features: Int, frameShape: [Int]?, extents: [Int], found: String, expected: String) throws {
        let fault = try #require(Self.fault(.npy, Self.npy(extents), Self.shape(features, frameShape)))
        #expect(fault.code == .featureCountMismatch)
        #expect(fault.found == "shape \(found)")
        #expect(fault.expected == expected)
    }

    @Test("A model of single frames takes each of them as a clip")
    func vectors() throws {
        let shape = Self.shape(4, isVector: true)
        let rows = try Self.clips(.npy, Self.npy([3, 4]), shape).get()
        #expect(rows.map(\.frameCount) == [1, 1, 1])
        #expect(rows.map(\.values) == [0, 4, 8].map { ClipFixtures.values($0..<$0 + 4) })
        #expect(try Self.clips(.npy, Self.npy([4]), shape).get().map(\.values) == [ClipFixtures.values(0..<4)])
        #expect(try Self.clips(.npy, Self.npy([2, 2]), shape).get().map(\.frameCount) == [1])
        #expect(try Self.clips(.csv, Array("1,2,3,4\n5,6,7,8\n".utf8), shape).get().map(\.values.first) == [1, 5])
        #expect(
            try Self.clips(.jsonl, Array("[1,2,3,4]\n[5,6,7,8]\n".utf8), shape).get().map(\.values.first) == [1, 5])
        // Each states its own emotion.
        let table = Array("emotion,a,b,c,d\nSad,1,2,3,4\nHappy,5,6,7,8\n".utf8)
        #expect(try Self.clips(.csv, table, shape).get().map(\.emotion) == ["Sad", "Happy"])
        #expect(Self.fault(.csv, table, Self.shape(4))?.problem == "the clip has two emotions")
        let lines = Array(
            """
            {"features":[1,2,3,4],"emotion":"Sad"}
            {"features":[5,6,7,8],"emotion":"Happy"}
            """.utf8)
        #expect(try Self.clips(.jsonl, lines, shape).get().map(\.emotion) == ["Sad", "Happy"])
        let own = Self.shape(6, [3, 2], isVector: true)
        #expect(try Self.clips(.npy, Self.npy([5, 3, 2]), own).get().count == 5)
        #expect(Self.fault(.npy, Self.npy([5, 5]), shape)?.expected == "(4,) or (vectors, 4)")
    }

    @Test(
        "Lines of JSON nest as the model's frames do",
        arguments: [
            // Lines, clips, frames of the first.
            ("[[1,2],[3,4],[5,6]]\n[[7,8],[9,10],[11,12]]\n", 1, 2), ("[1,2,3,4,5,6]\n[7,8,9,10,11,12]\n", 1, 2),
            ("[[[1,2],[3,4],[5,6]],[[7,8],[9,10],[11,12]]]\n", 1, 2), ("[[1,2,3,4,5,6],[7,8,9,10,11,12]]\n", 1, 2),
            ("{\"landmarks\":[[1,2],[3,4],[5,6]]}\n{\"features\":[7,8,9,10,11,12]}\n", 1, 2),
            ("[[[1,2],[3,4],[5,6]],null,[[7,8],[9,10],[11,12]]]\n", 1, 3),
        ])
    func lines(text: String, clipCount: Int, frameCount: Int) throws {
        for frameShape in [nil, [3, 2]] {
            let clips = try Self.clips(.jsonl, Array(text.utf8), Self.shape(6, frameShape)).get()
            #expect(clips.count == clipCount)
            #expect(clips.first?.frameCount == frameCount)
            #expect(clips.first?.values.filter(\.isFinite) == (1...12).map { Float($0) })
            #expect(clips.first?.landmarkCount == nil)
        }
    }

    @Test("Without a model, and for one that arrays do not fit, lines are read as ever")
    func otherLines() throws {
        let landmarks = Array("[[1,2,3],[4,5,6]]\n".utf8)
        #expect(try Self.clips(.jsonl, landmarks, nil).get().first?.landmarkCount == 2)
        #expect(try Self.clips(.jsonl, landmarks, Self.shape(6)).get().first?.landmarkCount == 2)
        #expect(try Self.clips(.jsonl, landmarks, Self.shape(2, nil, .y)).get().first?.landmarkCount == 2)
        // Three features a frame, and not landmarks: a clip of two frames.
        #expect(try Self.clips(.jsonl, landmarks, Self.shape(3)).get().first?.frameCount == 2)
        #expect(try Self.clips(.jsonl, Array("[[1,2]]\n".utf8), Self.shape(2)).get().first?.frameCount == 1)
        let named = Array("{\"features\":[[1,2,3],[4,5,6]]}\n".utf8)
        #expect(try Self.clips(.jsonl, named, Self.shape(3)).get().first?.frameCount == 2)
        #expect(try Self.clips(.jsonl, named, Self.shape(6, [2, 3])).get().first?.frameCount == 1)
    }
}
