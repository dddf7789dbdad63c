import EmotionFormer
import EmotionFormerCore
import Testing

@Suite("Clips from NumPy files")
struct NumPyClipTests {
    @Test(
        "Every floating-point type and byte order gives the same values",
        arguments: [
            "little-f2", "big-f2", "little-f4", "big-f4", "little-f8", "big-f8", "fortran", "version-2", "version-3",
        ])
    func floatingPoint(name: String) throws {
        let clip = try LandmarkClip(path: ClipFixtures.path("\(name).npy"))
        #expect(clip.frameCount == 3)
        #expect(clip.featureCount == 4)
        #expect(clip.landmarkCount == nil)
        #expect(clip.values == ClipFixtures.values(0..<12))
    }

    @Test(
        "Integers are read as their values",
        arguments: ["i1", "little-i2", "big-i4", "little-i8", "u1", "little-u2", "big-u4", "little-u8"])
    func integers(name: String) throws {
        #expect(try LandmarkClip(path: ClipFixtures.path("\(name).npy")).values == (0..<12).map(Float.init))
    }

    @Test("Three axes are several clips, in C and in Fortran order", arguments: ["batch", "fortran-batch"])
    func batch(name: String) throws {
        let clips = try ClipFixtures.clips("\(name).npy")
        #expect(clips.map(\.values) == [ClipFixtures.values(0..<12), ClipFixtures.values(12..<24)])
        #expect(clips.allSatisfy { $0.frameCount == 3 && $0.featureCount == 4 })
    }

    @Test("A last axis of extent 3 holds landmarks")
    func landmarks() throws {
        let clip = try LandmarkClip(path: ClipFixtures.path("landmarks.npy"))
        #expect(clip.frameCount == 2)
        #expect(clip.landmarkCount == 4)
        #expect(clip.values == ClipFixtures.values(0..<24))
        let clips = try ClipFixtures.clips("landmarks-batch.npy")
        #expect(clips.count == 2)
        #expect(clips.last?.landmarkCount == 4)
        #expect(clips.last?.values == ClipFixtures.values(24..<48))
    }

    @Test("A frame of NaN throughout is one without a face; a single NaN is a missing value; an infinity is refused")
    func missingFrames() throws {
        let nan = Float.nan
        let frames = ClipFixtures.npy(
            shape: "(3, 2)", payload: ClipFixtures.bytes(of: [1, 2, nan, nan, 3, 4]))
        #expect(try ClipFormat.npy.clips(frames, fileName: "clip").first?.missingFrames == [1])
        let partial = ClipFixtures.npy(shape: "(3, 2)", payload: ClipFixtures.bytes(of: [nan, nan, nan, 2, 3, nan]))
        let clip = try #require(try ClipFormat.npy.clips(partial, fileName: "clip").first)
        #expect(clip.missingFrames == [0] && clip.firstMissingValue == 2)
        let broken = ClipFixtures.npy(shape: "(2, 2)", payload: ClipFixtures.bytes(of: [1, 2, nan, .infinity]))
        let fault = try #require(ClipFixtures.fault(.npy, broken))
        #expect(fault.code == .notFinite)
        #expect(fault.place == "clip: frame 1, feature 1")
    }

    @Test(
        "A double beyond a float's range is refused", arguments: [[0, 0, 0, 0, 0, 0, 0xF0, 0x7E]])
    func beyondFloat(bytes: [UInt8]) throws {
        let fault = ClipFixtures.fault(.npy, ClipFixtures.npy(shape: "(1, 1)", descriptor: "<f8", payload: bytes))
        #expect(fault?.code == .notFinite)
    }

    @Test(
        "A file that is not as the format says is refused",
        arguments: [
            ("", Fault.Code.malformedClip),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), ", .malformedClip),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), } x", .malformedClip),
            ("{'descr': '<f4', 'fortran_order': False}", .malformedClip),
            ("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1, 1)}", .malformedClip),
            ("{'descr': '<f4', 'fortran_order': 0, 'shape': (1, 1)}", .malformedClip),
            ("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1, 1)}", .malformedClip),
            ("{'descr': '|O', 'fortran_order': False, 'shape': (1, 1)}", .malformedClip),
            ("{'descr': '<c8', 'fortran_order': False, 'shape': (1, 1)}", .malformedClip),
            ("{'descr': '', 'fortran_order': False, 'shape': (1, 1)}", .malformedClip),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 1)}", .malformedClip),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 99999999999999999999)}", .malformedClip),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}", .sizeOverflow),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 4611686018427387904, 9)}", .sizeOverflow),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2)}", .sizeMismatch),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': ()}", .malformedClip),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", .malformedClip),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1, 1)}", .malformedClip),
            ("{'descr': '<f4", .malformedClip),
        ])
    func hostileHeader(header: String, code: Fault.Code) throws {
        let fault = try #require(ClipFixtures.fault(.npy, ClipFixtures.npy(header, payload: [0, 0, 0, 0])))
        #expect(fault.code == code, "\(fault)")
        #expect(fault.description.hasPrefix("clip: "))
        #expect(!fault.description.contains("\n"))
    }

    @Test("An empty file, an unknown version and an empty array are refused")
    func otherBytes() {
        #expect(ClipFixtures.fault(.npy, [UInt8]())?.code == .malformedClip)
        #expect(ClipFixtures.fault(.npy, "not an array")?.code == .malformedClip)
        #expect(ClipFixtures.fault(.npy, ClipFixtures.npy("{}", version: 4))?.code == .unsupportedVersion)
        #expect(ClipFixtures.fault(.npy, ClipFixtures.npy(shape: "(0, 4)", payload: []))?.code == .emptyClip)
        #expect(ClipFixtures.fault(.npy, ClipFixtures.npy(shape: "(4, 0)", payload: []))?.code == .emptyClip)
    }

    @Test(
        "A header has at most 32 axes: how many there may be does not follow from the file's size", arguments: [32, 33])
    func axes(count: Int) throws {
        let shape = "(" + [String](repeating: "1", count: count).joined(separator: ", ") + ")"
        let fault = try #require(ClipFixtures.fault(.npy, ClipFixtures.npy(shape: shape, payload: [0, 0, 0, 0])))
        #expect(
            fault.problem
                == (count == 32 ? "the array does not have the axes of a clip" : "the array has too many axes"))
    }

    @Test("A file that is cut short anywhere is refused")
    func truncated() throws {
        let whole = ClipFixtures.npy(shape: "(2, 2)", payload: ClipFixtures.bytes(of: [1, 2, 3, 4]))
        #expect(ClipFixtures.fault(.npy, whole) == nil)
        for count in 0..<whole.count {
            let fault = ClipFixtures.fault(.npy, Array(whole[..<count]))
            #expect(fault?.code == (count < whole.count - 16 ? .malformedClip : .sizeMismatch), "\(count) bytes")
        }
        #expect(ClipFixtures.fault(.npy, whole + [0])?.code == .sizeMismatch)
    }

    @Test("A header, and a number of clips, that no clip file has are refused before they are read")
    func limits() {
        let long = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1)}" + String(repeating: " ", count: 65536)
        #expect(
            ClipFixtures.fault(.npy, ClipFixtures.npy(long, payload: [0, 0, 0, 0], version: 2))?.code == .limitExceeded)
        let fits = String(long.dropLast(200))
        #expect(ClipFixtures.fault(.npy, ClipFixtures.npy(fits, payload: [0, 0, 0, 0], version: 2)) == nil)
        func fault(clips: Int) -> Fault? {
            ClipFixtures.fault(
                .npy,
                ClipFixtures.npy(
                    shape: "(\(clips), 1, 1)", descriptor: "|u1", payload: [UInt8](repeating: 1, count: clips)))
        }
        #expect(fault(clips: 65536) == nil)
        #expect(fault(clips: 65537)?.code == .limitExceeded)
    }
}
