import EmotionFormer
import EmotionFormerCore
import EmotionFormerFiles
import Testing

@Suite("Clips from comma-separated values")
struct CSVClipTests {
    @Test("A file without header is one clip of raw features")
    func plain() throws {
        let clip = try LandmarkClip(path: ClipFixtures.path("plain.csv"))
        #expect(clip.frameCount == 3)
        #expect(clip.landmarkCount == nil)
        #expect(clip.values == ClipFixtures.values(0..<12))
    }

    @Test("The dataset's columns give a clip for each video, its frames in order, and its emotion")
    func dataset() throws {
        let clips = try ClipFixtures.clips("dataset.csv")
        #expect(clips.map(\.name) == ["a,1.flv", "b \"2\".flv"])
        #expect(clips.map(\.emotion) == ["Happy", "Sad"])
        #expect(clips.map(\.landmarkCount) == [2, 2])
        #expect(clips.map(\.values) == [ClipFixtures.values(0..<12), ClipFixtures.values(12..<24)])
    }

    @Test("Landmark columns are found in any order, and single coordinates are raw features")
    func columnOrder() throws {
        let planar = try ClipFixtures.clips(.csv, "x_0,x_1,y_0,y_1,z_0,z_1\n1,2,3,4,5,6\n")
        #expect(planar.first?.landmarkCount == 2)
        #expect(planar.first?.values == [1, 3, 5, 2, 4, 6])
        #expect(planar.first?.isReordered == true && planar.first?[frames: 0..<1].isReordered == true)
        // Sorted by text: not the landmarks' order, and one coordinate alone cannot be put into it with certainty.
        for header in ["x_0,x_1,x_10,x_2", "x_1,x_0", "x_0,y_1,x_1,y_0"] {
            let row = header.split(separator: ",").map { _ in "1" }.joined(separator: ",")
            #expect(ClipFixtures.fault(.csv, Array("\(header)\n\(row)\n".utf8))?.code == .layoutMismatch, "\(header)")
        }
        #expect(try ClipFixtures.clips(.csv, "x_0,y_0,x_1,y_1\n1,2,3,4\n").first?.values == [1, 2, 3, 4])
        let fromOne = try ClipFixtures.clips(.csv, "x_1,x_2,y_1,y_2,z_1,z_2\n1,2,3,4,5,6\n")
        #expect(fromOne.first?.landmarkCount == 2)
        #expect(fromOne == planar)
        let inOrder = try ClipFixtures.clips(.csv, "x_0,y_0,z_0,x_1,y_1,z_1\n1,3,5,2,4,6\n")
        #expect(inOrder.first?.values == planar.first?.values && inOrder.first?.isReordered == false)
        let single = try ClipFixtures.clips(.csv, "x_0,x_1,x_2\n1,2,3\n")
        #expect(single.first?.landmarkCount == nil)
        #expect(single.first?.values == [1, 2, 3])
    }

    @Test(
        "Byte order mark, spaces, empty lines, a data frame's header, no newline at the end",
        arguments: [
            "\u{FEFF}a,b,c,d\n1,2,3,4", " 1 ,\t2, 3,4 \r\n\r\n", "0,1,2,3\n1,2,3,4\n", "a,b,c,d\r\"1\",2,\"3\",4e0\r",
            ",a,b,c,d\n0,1,2,3,4\n", "Unnamed: 0,a,b,c,d\n0,1,2,3,4\n", "+1,2.,.3e1,400e-2\n",
        ])
    func forms(text: String) throws {
        let clips = try ClipFixtures.clips(.csv, text)
        #expect(clips.map(\.values) == [[1, 2, 3, 4]])
    }

    @Test(
        "A short row of small numbers is a frame and no header", arguments: ["0\n5\n", "0,1\n5,6\n", "0,2,3\n5,6,7\n"])
    func countingRows(text: String) throws {
        #expect(try ClipFixtures.clips(.csv, text).first?.frameCount == 2)
    }

    @Test("A row without values, or of NaN throughout, is a frame without a face")
    func missingFrames() throws {
        let clips = try ClipFixtures.clips(.csv, "a,b\n,\n1,2\nnan,NaN\n")
        #expect(clips.first?.missingFrames == [0, 2])
        // One number that is missing does not make the frame one without a face.
        let partial = try #require(try ClipFixtures.clips(.csv, "1,2\n3,nan\n").first)
        #expect(partial.missingFrames.isEmpty && partial.firstMissingValue == 3)
        #expect(clips.first?.frameCount == 3)
    }

    @Test("A cell that is not a number is named by line and column")
    func cell() throws {
        let fault = try #require(ClipFixtures.fault(.csv, "x_0,y_0,z_0\n1,2,3\n4,oops,6\n"))
        #expect(fault.code == .malformedClip)
        #expect(fault.description == "clip: line 3, column 2 (y_0): the cell is not a number (found 'oops')")
        #expect(ClipFixtures.fault(.csv, "1,2\n3,x\n")?.place == "clip: line 2, column 2")
        #expect(ClipFixtures.fault(.csv, "1,x\n")?.place == "clip: line 1, column 2")
        #expect(ClipFixtures.fault(.csv, "a,b\n\"1\n\",2\n")?.place == "clip: line 2, column 1 (a)")
        #expect(ClipFixtures.fault(.csv, "a,b\n\"p\nq\",2\n3,4\n")?.place == "clip: line 2, column 1 (a)")
        #expect(ClipFixtures.fault(.csv, "\"a\n\",\"b\n\nc\"\n1,2\n3,x\n")?.place.hasPrefix("clip: line 6,") == true)
    }

    @Test(
        "Other broken files are refused",
        arguments: [
            ("", Fault.Code.emptyClip), ("\n\n", .emptyClip), ("a,b\n", .emptyClip),
            ("video_filename,emotion\nx,y\n", .emptyClip), ("a,b\n,\n", .emptyClip),
            ("1,2\n3\n", .featureCountMismatch), ("1,2\n3,4,5\n", .featureCountMismatch),
            ("a,a\n1,2\n", .duplicateName), ("x_0,y_0,z_0,extra\n1,2,3,4\n", .unknownName),
            ("1,2\nnan,inf\n", .notFinite), ("1,2\n3,1e60\n", .notFinite), ("a\ninf\n", .notFinite),
            ("1,2\n3,\n", .malformedClip), ("1,\"2\n", .malformedClip), ("1,\"2\"3\n", .malformedClip),
            ("1,0x10\n", .malformedClip), ("1,1_0\n", .malformedClip), ("1,1e\n", .malformedClip),
            ("frame_num,a\n0,1\n0,2\n", .duplicateName), ("frame_num,a\n0.5,1\n", .malformedClip),
            ("frame_num,a\n1e30,1\n", .malformedClip),
            ("emotion,a\nHappy,1\nSad,2\n", .malformedClip),
        ])
    func broken(text: String, code: Fault.Code) throws {
        let fault = try #require(ClipFixtures.fault(.csv, text))
        #expect(fault.code == code, "\(fault)")
        #expect(!fault.description.contains("\n"))
    }

    @Test(
        "Numbers are read as the standard library reads them",
        arguments: [
            "0", "-0", "0.1", "-0.5", "3.14159274", "1e22", "1e23", "9007199254740993", "0.30000001192092896",
            "123456789012345678901234567890", "2.2250738585072014e-308", "5e-324", "1e400", "-1e-400", "1E5", "1e+5",
            "4.9406564584124654e-324", "99999999999999999999e-20", "0.000000000000000000000000000001",
            // Their digits do not fit in 53 bits: rounded first and divided then, they come out otherwise.
            "7363310262839.9594", "974360946171.31368", "46186210922362076e-16",
        ])
    func numbers(text: String) throws {
        let expected = try #require(Double(text))
        let found = try #require(DecimalNumber.parse(Array(text.utf8)[...]))
        #expect(found.bitPattern == expected.bitPattern)
    }
}
