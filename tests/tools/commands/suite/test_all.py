"""A test of every outcome."""

import unittest


class Passing(unittest.TestCase):
    def test_pass(self):
        """A docstring."""
        self.assertEqual(1, 1)

    def test_subtests(self):
        for i in range(3):
            with self.subTest(i=i):
                self.assertNotEqual(i, 1)

    @unittest.skip("not today")
    def test_skip(self):
        pass

    @unittest.expectedFailure
    def test_expected(self):
        self.fail("as expected")

    @unittest.expectedFailure
    def test_unexpected(self):
        pass


class Failing(unittest.TestCase):
    def test_equal(self):
        self.assertEqual([1, 2, 3], [1, 2, 4])

    def test_text(self):
        self.assertMultiLineEqual("one\ntwo\n", "one\nthree\n")

    def test_dict(self):
        self.assertDictEqual({"a": 1}, {"a": 2, "b": 3}, "a message")

    def test_raises(self):
        with self.assertRaisesRegex(ValueError, "x+"):
            raise ValueError("y")

    def test_not_raised(self):
        with self.assertRaises(KeyError):
            pass

    def test_error(self):
        print("to stdout")
        local = {}
        return local["key"]

    def test_chained(self):
        try:
            int("x")
        except ValueError as e:
            raise RuntimeError("second") from e

    def test_logs(self):
        with self.assertLogs("some.logger"):
            pass


class Broken(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise OSError("no set-up")

    def test_never(self):
        pass


class Cleanup(unittest.TestCase):
    def setUp(self):
        self.addCleanup(self.clean)

    def clean(self):
        raise LookupError("in the clean-up")

    def tearDown(self):
        self.fail("in the tear-down")

    def test_cleanup(self):
        pass


class Asynchronous(unittest.IsolatedAsyncioTestCase):
    async def test_async(self):
        self.assertTrue(await self.value())

    async def value(self):
        return 0


if __name__ == "__main__":
    unittest.main()
