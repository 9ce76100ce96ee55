"""Build entry point: pyproject.toml has all but the compiled attention kernel."""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "vectorlong.attention.window_kernel",
            ["vectorlong/attention/window_kernel.c"],
            extra_compile_args=["-O3", "-fopenmp"],
            extra_link_args=["-fopenmp"],
            py_limited_api=True,
            # Without a compiler everything works, by torch's own products.
            optional=True,
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
